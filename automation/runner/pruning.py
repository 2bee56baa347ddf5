"""Removes the old records that servers keep of commands, once a day each."""

import threading
import time
from typing import Final
from uuid import UUID

import structlog

from automation.engine.errors import EngineError
from automation.models import Execution
from automation.runner.ssh_transport import SshTransport

log = structlog.get_logger(__name__)

_EVERY_SECONDS: Final = 24 * 3600.0


class Pruner:
    """Remembers when this process pruned which server."""

    def __init__(self) -> None:
        self._pruned: dict[UUID, float] = {}
        self._lock = threading.Lock()

    def after(self, execution: Execution, transport: SshTransport) -> None:
        """Prune the server of an execution that has ended, if its time has come; never raises."""
        if not execution.keeps_records or not self._is_due(execution.server_id):
            return
        try:
            count = transport.prune()
        except EngineError as problem:
            # There is always another day.
            log.info("records not pruned", server=execution.server.name, reason=str(problem))
        else:
            log.info("records pruned", server=execution.server.name, count=count)

    def _is_due(self, server_id: UUID) -> bool:
        now = time.monotonic()
        with self._lock:
            if now - self._pruned.get(server_id, -_EVERY_SECONDS) < _EVERY_SECONDS:
                return False
            self._pruned[server_id] = now
            return True
