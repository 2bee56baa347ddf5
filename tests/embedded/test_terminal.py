"""The terminal: many voices, each with its name."""

import os

import pytest

from opsmanager.embedded.terminal import Terminal
from tests.embedded.screen import Screen


class Coloured(Screen):
    def isatty(self) -> bool:
        return True


def test_each_line_begins_with_its_name(screen: Screen, terminal: Terminal) -> None:
    terminal.line("web", "hello")
    terminal.say("starting")
    terminal.block("one\ntwo")
    assert screen.getvalue() == "web        | hello\nopsmanager | starting\none\ntwo\n"


def test_each_name_has_a_colour_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = Coloured()
    terminal = Terminal(screen)
    terminal.line("web", "a")
    terminal.line("beat", "b")
    terminal.line("web", "c")
    terminal.say("d")
    first, second, third, own = (line.partition("m")[0] for line in screen.getvalue().splitlines())
    assert first == third != second
    assert own == "\x1b[1"


def test_nobody_who_asked_for_none_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    screen = Coloured()
    Terminal(screen).line("web", "a")
    assert "\x1b" not in screen.getvalue()


def test_a_reader_who_left_does_not_stop_the_work() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w")
    terminal = Terminal(stream)
    terminal.say("to nobody")
    terminal.say("and again")
    # What was not read stays in the stream, which complains once more.
    with pytest.raises(BrokenPipeError):
        stream.close()
