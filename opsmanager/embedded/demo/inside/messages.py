"""What a world's first process and the outside say to each other over the control socket.

Each message is one packet of JSON; a :class:`Launch` carries three file descriptors beside it. The
outside trusts nothing that comes from within: whatever is malformed is dropped.
"""

import json
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass

PACKET = 150_000
"""Bytes; longer than any command that an SSH client of ours sends."""


@dataclass(frozen=True, kw_only=True)
class Begin:
    """To the world: lay out these contents (the JSON of :class:`contents.Contents`) and begin."""

    contents: str


@dataclass(frozen=True, kw_only=True)
class Launch:
    """To the world: run a command with the three descriptors as its streams."""

    id: int
    words: list[str]
    environment: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Kill:
    """To the world: end the command, with all of its session."""

    id: int


@dataclass(frozen=True, kw_only=True)
class Ended:
    """From the world: the command has ended; ``code`` is minus the signal where one ended it."""

    id: int
    code: int


@dataclass(frozen=True, kw_only=True)
class Ready:
    """From the world: its files are laid out and its units have been started."""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """From whoever builds the world: it cannot be built, and why."""

    reason: str


Message = Begin | Launch | Kill | Ended | Ready | Refused
_KINDS: dict[str, type[Message]] = {
    kind.__name__: kind for kind in (Begin, Launch, Kill, Ended, Ready, Refused)
}


def send(control: socket.socket, message: Message, descriptors: Sequence[int] = ()) -> None:
    """Send one message. Raises ``OSError`` when it is too long or nobody is there."""
    packet = json.dumps({"kind": type(message).__name__, **asdict(message)}).encode()
    socket.send_fds(control, [packet], list(descriptors))


def receive(control: socket.socket, descriptors: int = 0) -> tuple[Message | None, list[int]]:
    """Return the next message, ``None`` for a malformed one, and its descriptors.

    Raises ``EOFError`` when the other side has gone.
    """
    # Without room for descriptors the kernel drops any that an intruder sends.
    if descriptors:
        packet, received, _, _ = socket.recv_fds(control, PACKET, descriptors)
    else:
        packet, received = control.recv(PACKET), []
    if not packet:
        raise EOFError
    return _parse(packet), received


def _parse(packet: bytes) -> Message | None:
    try:
        fields = json.loads(packet)
        kind = _KINDS[fields.pop("kind")]
        # A dataclass takes any type; what comes from within is used only after this check.
        if not all(_fits(name, value) for name, value in fields.items()):
            return None
        return kind(**fields)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _fits(name: str, value: object) -> bool:
    kinds: dict[str, type] = {"id": int, "code": int, "reason": str, "contents": str, "words": list}
    return isinstance(value, kinds.get(name, dict))
