"""What the runner's tests have: committed rows, a worker process, a real SSH server."""

from tests.automation.runner.conftest import (
    committed,
    db,
    host_pair,
    server,
    ssh_server,
    worker,
)

__all__ = ["committed", "db", "host_pair", "server", "ssh_server", "worker"]
