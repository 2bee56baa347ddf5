"""The engine's client for HTTP: waits for one call, and no longer than the execution may wait."""

import ssl
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from automation.engine.errors import (
    CommandTimedOut,
    ConnectionLost,
    EngineError,
    ExecutionStopped,
    LeaseLost,
    WebUnreachable,
)
from automation.engine.http import HttpAnswer, HttpRequest
from automation.engine.results import CancelOutcome
from automation.runner.http_call import HttpCall
from opsmanager.common import addresses
from opsmanager.common.addresses import Allowed, Resolve

_ASK_SECONDS: Final = 0.1


class GuardedHttp:
    """Implements the engine's ``HttpClient``, its errors included, for one execution.

    Reaches public addresses, and those that were opened.
    """

    def __init__(
        self,
        *,
        allowed: Allowed,
        stop: Callable[[], str | None],
        resolve: Resolve = addresses.resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = allowed
        self._stop = stop
        self._resolve = resolve
        self._tls = tls

    def send(self, request: HttpRequest, *, timeout: float) -> HttpAnswer:
        """Send one call and wait for its answer; each call has a connection of its own.

        The thread that calls only waits, so that a cancel frees it whatever the other side does.
        """
        ends_at = time.monotonic() + timeout
        call = HttpCall(
            request,
            seconds=timeout,
            allowed=self._allowed,
            resolve=self._resolve,
            tls=self._tls or _certificates(),
        )
        call.start()
        while not call.ended.wait(max(0, min(_ASK_SECONDS, ends_at - time.monotonic()))):
            reason = self._stop()
            if reason is not None:
                raise _stopped(reason, may_have_arrived=call.abandon() and request.changes)
            if time.monotonic() >= ends_at:
                raise _late(request, timeout, was_sent=call.abandon())
        return call.answer()


def _stopped(reason: str, *, may_have_arrived: bool) -> EngineError:
    if reason == "LEASE_LOST":
        return LeaseLost()
    if not may_have_arrived:
        return ExecutionStopped(reason)
    return ExecutionStopped(
        reason,
        "Stopped while it waited for the answer. The call was sent and may have taken effect.",
        cancel_outcome=CancelOutcome.UNREACHABLE,
    )


def _late(request: HttpRequest, timeout: float, *, was_sent: bool) -> EngineError:
    limit = f"within {timeout:g} seconds"
    if not was_sent:
        return WebUnreachable(
            f"{request.address.place} could not be reached {limit}; nothing was sent."
        )
    said = f"`{request.text}` was not answered {limit}."
    return ConnectionLost(said) if request.changes else CommandTimedOut(said)


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """Return what this machine trusts; read once, since that takes its time."""
    return ssl.create_default_context()
