"""A web that answers HTTP calls as a script says, for rehearsals; :mod:`testing` explains it."""

import json as json_format
import threading
from collections.abc import Callable, Mapping, Sequence
from types import EllipsisType
from typing import Any

from automation.engine.errors import EngineError
from automation.engine.http import Headers, HttpAnswer, HttpRequest

OneHttpReply = HttpAnswer | EngineError | Callable[[HttpRequest], HttpAnswer]
HttpReply = OneHttpReply | Sequence[OneHttpReply]
HttpReplies = Mapping[str, HttpReply]


def http_reply(
    status: int = 200,
    text: str = "",
    *,
    json: Any | EllipsisType = ...,
    headers: Mapping[str, str] | None = None,
) -> HttpAnswer:
    """Return what a web API answers: a text, or a value as JSON."""
    if isinstance(json, EllipsisType):
        return HttpAnswer(status=status, headers=Headers(headers), text=text)
    fields = {"Content-Type": "application/json", **(headers or {})}
    return HttpAnswer(status=status, headers=Headers(fields), text=json_format.dumps(json))


class ScriptedHttp:
    """A client that answers as the replies say; keeps the calls it was given."""

    def __init__(self, replies: HttpReplies) -> None:
        self.requests: list[HttpRequest] = []
        self.unexpected: list[str] = []
        self._replies = replies
        self._used: dict[str, int] = {}
        self._lock = threading.Lock()

    def send(self, request: HttpRequest, *, timeout: float) -> HttpAnswer:
        """Answer one call; ``timeout`` plays no part."""
        with self._lock:
            self.requests.append(request)
            answer = self._next_reply(request)
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, EngineError):
            raise answer
        return answer

    def _next_reply(self, request: HttpRequest) -> OneHttpReply:
        called = f"{request.method} {request.address.url}"
        matches = [key for key in self._replies if _begins(called, key)]
        if not matches:
            self.unexpected.append(request.text)
            raise AssertionError(request.text)
        key = max(matches, key=len)
        found = self._replies[key]
        if not isinstance(found, Sequence):
            return found
        used = self._used.get(key, 0)
        self._used[key] = used + 1
        return found[min(used, len(found) - 1)]


def _begins(called: str, key: str) -> bool:
    """Whether a call begins with the key, and the key ends where a part of the URL does."""
    rest = called[len(key) :]
    return called.startswith(key) and (not rest or rest[0] in "/?&" or key[-1:] in "/?&=")
