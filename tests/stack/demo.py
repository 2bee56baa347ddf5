"""The demo servers beside a running stack, known to it together with their incident."""

import json
import time
from typing import Any

from tests.stack.stack import START_PATIENCE, Stack

Demo = dict[str, dict[str, Any]]
"""The demo servers by name, as the API shows them."""


def begin(stack: Stack) -> Demo:
    """Start the demo servers and enter them as `make run` does; the stack's end ends them."""
    process = stack.start(stack.plan.demo())
    deadline = time.monotonic() + START_PATIENCE
    while not stack.plan.servers_file.exists():
        assert not process.has_ended, process.output()
        assert time.monotonic() < deadline, process.output()
        time.sleep(0.1)
    seeded = stack.manage("seed_demo", str(stack.plan.servers_file))
    assert seeded.returncode == 0, seeded.stderr
    names = {one["name"] for one in json.loads(stack.plan.servers_file.read_text())}
    known = stack.api().get("servers?limit=100").expect(200)["servers"]
    return {server["name"]: server for server in known if server["name"] in names}
