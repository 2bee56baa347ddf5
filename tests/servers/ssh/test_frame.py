"""What is a command's own in the streams of a shell that others use."""

from uuid import UUID

import pytest

from servers.ssh.frame import Frame

ID = UUID(int=7)
BEGIN, END = f"opsm:{ID}:4711\n".encode(), b"opsm-end:w0rd:3\n"


@pytest.mark.parametrize("output", [b"", b"out\n", b"no newline", b"opsm-end:w0rd", b"\xff\0\r\n"])
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_what_stands_between_begin_and_end_however_it_is_cut(output: bytes, size: int) -> None:
    whole = b"Welcome!\n" + BEGIN + output + END + b"later\n"
    frame = Frame(ID, "w0rd")
    heard = b"".join(frame.feed(whole[at : at + size]) for at in range(0, len(whole), size))
    assert (heard, frame.word, frame.code) == (output, "4711", 3)
    assert frame.text == "Welcome!"


def test_another_word_ends_nothing() -> None:
    frame = Frame(ID, "w0rd")
    said = b"opsm-end:other:0\n"
    assert frame.feed(BEGIN + said) == said
    assert frame.code is None


def test_what_may_be_the_end_is_held_back_until_that_is_known() -> None:
    frame = Frame(ID, "w0rd")
    assert frame.feed(BEGIN + b"a opsm-") == b"a "
    assert frame.feed(b"tools b") == b"opsm-tools b"
    assert frame.feed(b" opsm-end:w0rd:12") == b" "
    assert frame.code is None
    assert frame.feed(b"7\n") == b""
    assert frame.code == 127
