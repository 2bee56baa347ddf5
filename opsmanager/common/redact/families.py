"""All families, in the order in which they are applied."""

from typing import Final

from opsmanager.common.redact.blocks import mask_in_line
from opsmanager.common.redact.command_line import COMMAND_LINE
from opsmanager.common.redact.family import Family, check_order, lowered
from opsmanager.common.redact.hashes import HASHES
from opsmanager.common.redact.http import HTTP
from opsmanager.common.redact.named import NAMED
from opsmanager.common.redact.tokens import TOKENS

# What is told by its own form comes first: a general rule may begin earlier and end too early, as
# one for `auth…: value` does in `Authorization: Bearer abc`, of which it would take "Bearer" only.
FAMILIES: Final[tuple[Family, ...]] = (*TOKENS, *HASHES, *HTTP, *COMMAND_LINE, *NAMED)

check_order(FAMILIES)

# Most texts hold none of them: to look for each word once is far less than to ask each family.
_KEYWORDS: Final = sorted({keyword for family in FAMILIES for keyword in family.keywords})


def mask_families(text: str) -> str:
    """Return whole lines of text with the secrets of all families masked."""
    text = mask_in_line(text)
    lower = lowered(text)
    found = _keywords_in(lower)
    if not found:
        return text
    for family in FAMILIES:
        if found.isdisjoint(family.keywords):
            continue
        masked = family.apply(text, lower)
        if masked is not text:
            text, lower = masked, lowered(masked)
            found = _keywords_in(lower)
    return text


def _keywords_in(lower: str) -> set[str]:
    return {keyword for keyword in _KEYWORDS if keyword in lower}
