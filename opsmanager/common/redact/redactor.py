"""Masks whole texts and JSON; made once for a set of known values."""

from collections.abc import Iterable, Mapping
from typing import Any

from opsmanager.common.redact.families import mask_families
from opsmanager.common.redact.forms import LEAST
from opsmanager.common.redact.known import KnownValues
from opsmanager.common.redact.mask import MASK, masked
from opsmanager.common.redact.named import is_no_secret
from opsmanager.common.redact.stream import Stream

_SHORTENED = ("...", "…", "”")
_ANY = "some-value-1"


class Redactor:
    """Masks known values, in all their encodings, and the secrets of all families.

    ``known`` are the very secrets in use. Its repr shows none of them.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = KnownValues(known)

    def with_also(self, values: Iterable[str]) -> "Redactor":
        """Return one that knows these as well; that takes little, however many there are."""
        more = Redactor()
        more._known = self._known.with_also(values)
        return more

    def stream(self) -> Stream:
        """Return what masks one stream as it arrives."""
        return Stream(self._known)

    def text(self, text: str) -> str:
        """Return a whole text, masked."""
        stream = self.stream()
        return stream.feed(text) + stream.flush()

    def sentence(self, text: str) -> str:
        """Return a short text, masked; a known value may have been cut off in it."""
        return self.text(self._without_cut(text)) if self._known else self.text(text)

    def known_only(self, text: str) -> str:
        """Return the text with known values masked, and all else as it is."""
        return masked(text, self._known.spans(text)) if self._known else text

    def value(self, value: Any) -> Any:
        """Return JSON, or what is made of dictionaries, lists and tuples, with its texts masked.

        What a name calls a secret, such as ``{"password": "x"}``, is one.
        """
        if isinstance(value, str):
            return self.sentence(value)
        if isinstance(value, Mapping):
            return {self._key(key): self._named(key, item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            items = [self.value(item) for item in value]
            return tuple(items) if isinstance(value, tuple) else items
        return value

    def _key(self, key: Any) -> Any:
        return self.sentence(key) if isinstance(key, str) else key

    def _named(self, name: Any, value: Any) -> Any:
        """Mask a value in the light of its name."""
        if isinstance(name, str) and isinstance(value, str) and not is_no_secret(value):
            probe = f"{name}={_ANY}"
            if mask_families(probe) != probe:
                return MASK
        return self.value(value)

    def _without_cut(self, text: str) -> str:
        spans = []
        for mark in _SHORTENED:
            at = text.find(mark)
            while at >= 0:
                begin = self._known.open_from(text[:at])
                if at - begin >= LEAST:
                    spans.append((begin, at))
                at = text.find(mark, at + len(mark))
        return masked(text, spans)
