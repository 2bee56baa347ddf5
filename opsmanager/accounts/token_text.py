"""API tokens as text: told by their beginning, and by a checksum whether they are whole.

``opsm_``, 40 random characters of the 62 letters and digits (238 bits), and the CRC-32 of all that
goes before in six more, as GitHub's tokens have it. So a typo is told without a look into the
database, and a scanner for leaked secrets has no false alarms.
"""

import hashlib
import secrets
import string
import zlib
from typing import Final

PREFIX: Final = "opsm_"
_LETTERS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM: Final = 40
_CHECK: Final = 6
_SHOWN: Final = len(PREFIX) + 6
_LENGTH: Final = len(PREFIX) + _RANDOM + _CHECK


def make() -> str:
    """Return a new token."""
    text = PREFIX + "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM))
    return text + _checksum(text)


def is_whole(text: str) -> bool:
    """Return whether the text can be a token of ours: neither cut off nor mistyped."""
    body, check = text[:-_CHECK], text[-_CHECK:]
    return (
        len(text) == _LENGTH
        and text.isascii()
        and text.startswith(PREFIX)
        and check == _checksum(body)
    )


def digest(text: str) -> str:
    """Return the SHA-256 by which a token is looked for: nobody gets from there to the token."""
    return hashlib.sha256(text.encode()).hexdigest()


def start(text: str) -> str:
    """Return the first characters, by which people recognise a token."""
    return text[:_SHOWN]


def _checksum(text: str) -> str:
    number = zlib.crc32(text.encode())
    digits = []
    for _ in range(_CHECK):
        number, rest = divmod(number, len(_LETTERS))
        digits.append(_LETTERS[rest])
    return "".join(reversed(digits))
