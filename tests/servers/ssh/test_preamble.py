"""What a login prints by itself is parted from what the command prints."""

from uuid import UUID

import pytest

from servers.ssh.preamble import Preamble

ID = UUID("6a1c5b9e-0000-4000-8000-000000000001")
STREAM = b"Welcome to web1\nno newline:opsm:%b:4711\nfirst\nopsm:%b:1\n" % ((str(ID).encode(),) * 2)


@pytest.mark.parametrize("size", [1, 2, 7, 64, 1000])
def test_however_the_stream_is_cut_the_command_begins_after_its_line(size: int) -> None:
    preamble = Preamble(ID)
    chunks = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    output = b"".join(map(preamble.feed, chunks))
    assert output == b"first\nopsm:%b:1\n" % str(ID).encode()
    assert preamble.word == "4711"
    assert preamble.text == "Welcome to web1\nno newline:"


def test_the_line_of_another_action_is_none() -> None:
    preamble = Preamble(UUID(int=1))
    assert preamble.feed(STREAM) == b""
    assert preamble.word is None


def test_an_endless_banner_takes_little_memory() -> None:
    preamble = Preamble(ID)
    for _ in range(100):
        preamble.feed(b"x" * 10_000)
    assert len(preamble.text) <= 4096
    preamble.feed(STREAM)
    assert preamble.word == "4711"
