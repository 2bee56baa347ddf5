"""Server-sent events: how they are written, and an answer that gives its place back at its end."""

from collections.abc import Generator, Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from opsmanager.common.api.places import Place

MEDIA_TYPE = "text/event-stream"
NOTHING = b""
"""Sent to learn whether somebody still listens: it is no byte on the wire."""
HEARTBEAT = b":\n\n"
"""A comment, which keeps proxies from cutting the connection."""


def event(name: str, data: Any, *, last_id: str = "") -> bytes:
    """Return one event; its data is JSON, which has no line break of its own.

    A client that comes back names the last ``last_id`` it got.
    """
    identity = f"id: {last_id}\n" if last_id else ""
    return f"event: {name}\n{identity}data: ".encode() + JSONRenderer().render(data) + b"\n\n"


def retry_after(milliseconds: int) -> bytes:
    """Return how long a client waits before it comes back after its stream was ended."""
    return f"retry: {milliseconds}\n\n".encode()


class EventStream(StreamingHttpResponse):
    """An answer of ``text/event-stream``, for which a place is held until it is closed.

    The generator is closed when its client has gone, as soon as it yields again.
    """

    def __init__(self, chunks: Generator[bytes], place: Place) -> None:
        super().__init__(_Held(chunks, place), content_type=MEDIA_TYPE)
        self.headers["Cache-Control"] = "no-store"
        # nginx would else keep events back until it has a bufferful.
        self.headers["X-Accel-Buffering"] = "no"


class _Held:
    """Chunks that give a place back once they end, fail or are closed, begun or not."""

    def __init__(self, chunks: Generator[bytes], place: Place) -> None:
        self._chunks = chunks
        self._place = place

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except BaseException:
            self._place.give_back()
            raise

    def close(self) -> None:
        """End the generator, and give the place back."""
        try:
            self._chunks.close()
        finally:
            self._place.give_back()

    def __del__(self) -> None:
        # A fault between view and server may drop an answer that nobody closes.
        self._place.give_back()


class AnyAccepted(BaseContentNegotiation):
    """Takes each ``Accept``: a stream is what it is, and errors before it are JSON."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        """Return the only parser."""
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the only renderer, and its type."""
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)
