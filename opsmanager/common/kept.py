"""Answers that are kept in a process until what they show has changed."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from django.http import HttpResponse

_K = TypeVar("_K", bound=Hashable)
JSON: Final = "application/json"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was answered; ``headers`` are those of its own."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> HttpResponse:
        """Return it as a response of JSON."""
        return HttpResponse(self.body, content_type=JSON, headers=dict(self.headers))


class Kept(Generic[_K]):
    """Keeps answers by what was asked, each with the version of the rows that it was made of.

    At most ``most`` of at most ``largest`` bytes; when it is full it begins anew. Threads share it.
    """

    def __init__(self, *, most: int, largest: int) -> None:
        self._most = most
        self._largest = largest
        self._answers: dict[_K, tuple[str, Answer]] = {}

    def get(self, key: _K, version: str | None) -> Answer | None:
        """Return what is kept, if it still is what would be answered."""
        known = self._answers.get(key)
        return known[1] if known is not None and known[0] == version else None

    def put(self, key: _K, version: str | None, answer: Answer) -> None:
        """Keep an answer made after ``version`` was read; nothing of ``None``.

        If rows have changed between the two, it is newer than its version, and never shown again.
        """
        if version is None or len(answer.body) > self._largest:
            return
        if len(self._answers) >= self._most:
            self._answers = {}
        self._answers[key] = (version, answer)
