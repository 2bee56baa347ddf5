"""Masks what one execution's runbook and server say, before it is stored, shown or sent."""

import json
import re
import threading
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from automation.engine.results import Assessment, Outcome
from opsmanager.common import secrets_in_use
from opsmanager.common.redact import MASK, Redactor, Stream

# What automation.engine.output.CappedText puts in place of the middle.
_CUT: Final = re.compile(r"\n\[\.\.\. [\d,]+ bytes left out \.\.\.\]\n")
_BEGIN_OF_LINE: Final = re.compile(r"[^\n]{0,65536}\n?(?:[A-Za-z0-9+/_=-]{40,}\s+)*")
_END_OF_KEY: Final = re.compile(r".*?-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----\n?", re.DOTALL)


class Masking:
    """Masks by the secrets of one execution, and by families; safe for threads.

    A step is told everything; what is masked is what it says and what its server said.
    """

    def __init__(self, known: Iterable[str | None] = ()) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._redactor = _own()
        self.learn(known)

    def learn(self, values: Iterable[str | None]) -> None:
        """Mask these as well from now on: credentials, secret parameters."""
        found = {value for value in values if value}
        with self._lock:
            if found <= self._known:
                return
            self._known |= found
            self._redactor = _own().with_also(self._known)
        secrets_in_use.remember(found)

    def stream(self) -> Stream:
        """Return what masks one stream of output as it arrives."""
        return self._redactor.stream()

    def text(self, text: str) -> str:
        """Return a command, or the whole output of one, masked.

        Where the middle was left out, the lines that were cut go too: there half a secret may
        stand, which nobody could recognise.
        """
        head, *tail = _CUT.split(text, maxsplit=1)
        if not tail:
            return self._redactor.text(text)
        stream = self.stream()
        cut = _CUT.search(text)
        middle = cut[0] if cut else ""
        return stream.feed(head) + MASK + middle + self._redactor.text(_without_begin(tail[0]))

    def sentence(self, text: str) -> str:
        """Return a message for people, masked; it may quote output, cut short."""
        return self._redactor.sentence(text)

    def value(self, value: Any) -> Any:
        """Return JSON, masked."""
        return self._redactor.value(value)

    def outcome(self, outcome: Outcome) -> Outcome:
        """Return how an execution ended, all of it masked."""
        return replace(
            outcome,
            summary=self.sentence(outcome.summary),
            result=self.value(outcome.result),
            data=self.value(outcome.data),
            once=self.value(outcome.once),
            warnings=tuple(map(self.sentence, outcome.warnings)),
            before=self._assessment(outcome.before),
            after=self._assessment(outcome.after),
            error_message=self.sentence(outcome.error_message),
        )

    def _assessment(self, found: Assessment | None) -> Assessment | None:
        if found is None:
            return None
        values, summary = self.value(found.values), self.sentence(found.summary)
        return replace(found, values=values, summary=summary)


@lru_cache(maxsize=1)
def _own() -> Redactor:
    return Redactor(secrets_in_use.own())


def is_masked(value: object) -> bool:
    """Whether a secret may have been masked in what was stored, so that it is not known any more.

    What held three stars by itself counts as masked too: that is the safe side.
    """
    return MASK in (value if isinstance(value, str) else json.dumps(value))


def _without_begin(tail: str) -> str:
    """Return what follows a cut without the line, or the key, that it went through."""
    end = _END_OF_KEY.match(tail)
    if end and "-----BEGIN" not in end[0]:
        return f"{MASK}\n{tail[end.end() :]}"
    begin = _BEGIN_OF_LINE.match(tail)
    return f"{MASK}\n{tail[begin.end() if begin else 0 :]}"
