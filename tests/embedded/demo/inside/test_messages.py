"""Messages arrive whole, with their descriptors; whatever else arrives is dropped."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsmanager.embedded.demo.inside.messages import (
    Begin,
    Ended,
    Kill,
    Launch,
    Ready,
    Refused,
    receive,
    send,
)


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize(
    "message",
    [
        Begin(contents="{}"),
        Launch(id=7, words=["sh", "-c", "true"], environment={"A": "ü"}),
        Kill(id=7),
        Ended(id=7, code=-9),
        Ready(),
        Refused(reason="no"),
    ],
)
def test_what_is_sent_is_received(line, message):
    send(line[0], message)
    assert receive(line[1]) == (message, [])


def test_descriptors_come_along_where_they_are_expected(line):
    reading, writing = os.pipe()
    send(line[0], Kill(id=1), [writing])
    _, descriptors = receive(line[1], descriptors=3)
    os.write(descriptors[0], b"through")
    assert os.read(reading, 10) == b"through"
    for descriptor in (reading, writing, *descriptors):
        os.close(descriptor)


def test_descriptors_that_nobody_expects_are_dropped(line):
    before = len(list(Path("/proc/self/fd").iterdir()))
    send(line[0], Ready(), [0])
    assert receive(line[1]) == (Ready(), [])
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize(
    "packet",
    [
        b"hello",
        b"\xff\xfe",
        b"[]",
        b"7",
        b"{}",
        b'{"kind": "Nothing"}',
        b'{"kind": []}',
        b'{"kind": "Ended", "id": "7", "code": 0}',
        b'{"kind": "Ended", "id": 7}',
        b'{"kind": "Ended", "id": 7, "code": 0, "more": {}}',
        b'{"kind": "Refused", "reason": 7}',
    ],
)
def test_nonsense_is_dropped(line, packet):
    line[0].send(packet)
    assert receive(line[1]) == (None, [])


def test_the_end_of_the_other_side_is_an_error(line):
    line[0].close()
    with pytest.raises(EOFError):
        receive(line[1])
