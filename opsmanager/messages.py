"""What workers take from Redis: our own messages, and nothing that stops them.

Celery takes a message's form on trust: one that is malformed ends the worker, and comes back when
the next one starts. So each is looked at before Celery does, and a wrong one is dropped and told.
"""

from collections.abc import Callable
from typing import Any, Final

import structlog
from celery.worker.consumer import Consumer as CeleryConsumer
from kombu.transport.redis import SentinelTransport as RedisSentinelTransport
from kombu.transport.redis import Transport as RedisTransport

from opsmanager.common.uuids import as_uuid

log = structlog.get_logger(__name__)

_UNREADABLE: Final = (AttributeError, KeyError, RecursionError, TypeError, ValueError)
_NO_LIMIT: Final = (None, [None, None])
_LONGEST: Final = 10_000
"""Characters of a body; ours have some 150."""


class Consumer(CeleryConsumer):  # type: ignore[misc]
    """Hands on messages in our form and drops the others."""

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], None]:
        """Return what is called with each message."""
        hand_on = super().create_task_handler(*args, **kwargs)

        def receive(message: Any) -> None:
            wrong = why_not(message)
            if not wrong:
                hand_on(message)
                return
            task = message.headers.get("task") if isinstance(message.headers, dict) else None
            log.warning("message dropped", reason=wrong, task=str(task)[:100])
            message.reject_log_error(log, self.connection_errors)

        return receive


class _ReadsOn:
    """Reads on after an entry of a queue that is no message at all; it is gone from the queue."""

    def on_readable(self, fileno: Any) -> Any:
        """Read what Redis sent."""
        try:
            super().on_readable(fileno)  # type: ignore[misc]
        except _UNREADABLE as problem:
            log.warning("message dropped", reason=f"it can't be read ({type(problem).__name__})")


class Transport(_ReadsOn, RedisTransport):  # type: ignore[misc] # untyped there
    """One Redis."""


class SentinelTransport(_ReadsOn, RedisSentinelTransport):  # type: ignore[misc]
    """The Redis that sentinels say leads."""


def why_not(message: Any) -> str:
    """Return why a message is none of ours, for the log; empty when it is one.

    Ours is JSON of Celery's second protocol, for a task with at most one argument, an id; it asks
    for nothing else, no callback, chain or time.
    """
    headers = message.headers
    if not isinstance(headers, dict) or not all(
        isinstance(headers.get(name), str) for name in ("task", "id")
    ):
        return "it names no task"
    if (message.content_type, message.content_encoding) != ("application/json", "utf-8"):
        return f"its content is {str(message.content_type)[:50]!r}, not JSON"
    if len(message.body or "") > _LONGEST:
        return "it is too long"
    try:
        args, kwargs, embed = message.payload
    except Exception as problem:  # noqa: BLE001 - whatever its decoder raises
        return f"it can't be read ({type(problem).__name__})"
    if not isinstance(args, list) or not isinstance(embed, dict) or kwargs != {}:
        return "it is in no form of ours"
    if len(args) > 1 or not all(isinstance(arg, str) and as_uuid(arg) for arg in args):
        return "its arguments are more than an id"
    if any(embed.values()) or headers.get("eta") or headers.get("timelimit") not in _NO_LIMIT:
        return "it asks for more than a task"
    return ""
