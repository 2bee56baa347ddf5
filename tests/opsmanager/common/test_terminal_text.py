"""Whatever a server prints, it moves no cursor, sets no clipboard and hides no text."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmanager.common.terminal_text import Span, one_line, printed, spans, visible

# What is printed, and what a person is to see of it.
CORPUS = [
    ("\x1b[31mred\x1b[0m", "red"),
    ("\x1b[1;38;5;196mbright\x1b[m", "bright"),
    ("\x1b[38;2;255;0;0mtrue\x1b[39m", "true"),
    ("\x1b[4:3mcurly\x1b[24m", "curly"),
    ("\x9b31mred\x9b0m", "red"),
    ("\x1b[2J\x1b[Hcleared", "cleared"),
    ("a\x1b[10;20Hb", "ab"),
    ("a\x1b[1Ab\x1b[5Cc\x1b[3Dd", "abcd"),
    ("\x1b[?25lhidden cursor\x1b[?25h", "hidden cursor"),
    ("\x1b[?1049halternate\x1b[?1049l", "alternate"),
    ("\x1b[6nposition", "position"),
    ("\x1b[cwho", "who"),
    ("\x1b[>0;276;0cwho", "who"),
    ("\x1b[20t", ""),
    ("\x1b[200~pasted\x1b[201~", "pasted"),
    ("\x1b[5;10r\x1b[Sscrolled", "scrolled"),
    ("\x1b[!psoft", "soft"),
    ("\x1bcreset", "reset"),
    ("\x1b7saved\x1b8", "saved"),
    ("\x1b(0lines\x1b(B", "lines"),
    ("\x1b#8aligned", "aligned"),
    ("\x1b]0;root@bank\x07title", "title"),
    ("\x1b]2;title\x1b\\text", "text"),
    ("\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "click"),
    ("\x1b]52;c;cm0gLXJmIC8=\x07clip", "clip"),
    ("\x9d52;c;cm0gLXJmIC8=\x9cclip", "clip"),
    ("\x1b]1337;File=inline=1:AAAA\x07image", "image"),
    ("\x1b]9;notify\x07note", "note"),
    ("\x1b]0;never ended\nnext", "\nnext"),
    ("\x1bP+q544e\x1b\\query", "query"),
    ('\x90$q"p\x9cquery', "query"),
    ("\x1b_Gf=100;AAAA\x1b\\kitty", "kitty"),
    ("\x1b^private\x1b\\text", "text"),
    ("\x1bXstring\x1b\\text", "text"),
    ("10 %\r20 %\r100 %", "100 %"),
    ("100 %\r\x1b[K5 %", "5 %"),
    ("abcdef\rxy", "xycdef"),
    ("password\x1b[2K\rdone", "done    "),
    ("abcdef\x1b[1K", "      "),
    ("abc\x08\x08X", "aXc"),
    ("\x08\x08start", "start"),
    ("line\r\nnext\r\n", "line\nnext\n"),
    ("bell\x07", "bell␇"),
    ("nul\x00", "nul␀"),
    ("form\x0cfeed\x0b", "form␌feed␋"),
    ("shift\x0e\x0f", "shift␎␏"),
    ("delete\x7f", "delete␡"),
    ("next\x85line", "next⟨U+0085⟩line"),
    ("admin\u202etxt.exe", "admin⟨U+202E⟩txt.exe"),
    ("\u2066isolate\u2069", "⟨U+2066⟩isolate⟨U+2069⟩"),
    ("\u202aa\u202bb\u202cc\u202dd", "⟨U+202A⟩a⟨U+202B⟩b⟨U+202C⟩c⟨U+202D⟩d"),
    ("line\u2028separator", "line⟨U+2028⟩separator"),
    ("half\ud800", "half\ufffd"),
    ("cut\x1b", "cut"),
    ("cut\x1b[", "cut"),
    ("cut\x1b[31", "cut"),
    ("\x1b[31", ""),
    ("\x1b[1\x1b[0mx", "x"),
    ("\x1b\x1b[31mx", "x"),
    ("\x1b]0;a\x1b[31mb\x07", "b␇"),
    ("tab\there\n", "tab\there\n"),
    ("Grüße, 東京 🚀", "Grüße, 東京 🚀"),
    ("", ""),
]
HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.mark.parametrize(("text", "shown"), CORPUS)
def test_a_sequence_is_dropped_or_shown_and_never_passed_on(text: str, shown: str) -> None:
    assert printed(text) == shown
    assert "".join(span.text for span in spans(text)) == shown
    assert not HARMFUL.search(shown)


def test_there_are_as_many_sequences_as_were_promised() -> None:
    assert len({text for text, _ in CORPUS}) >= 40


@given(
    st.text(st.sampled_from("\x1b\x9b\x9d\x90\x9c\x07[];0123mK\r\x08\n\\P8ab\u202e"), max_size=60)
)
def test_nothing_that_is_put_together_of_them_is_harmful(text: str) -> None:
    for shown in (printed(text), visible(text), one_line(text)):
        assert not HARMFUL.search(shown)
    assert "\n" not in one_line(text)


def test_words_show_what_output_would_hide() -> None:
    assert visible("rm -rf /\r\x1b[2Kls") == "rm -rf /␍␛[2Kls"
    assert visible("two\nlines\t") == "two\nlines\t"
    assert one_line("two\nlines\t") == "two␊lines␉"


def test_colours_are_kept_as_looks() -> None:
    text = "\x1b[1;31mbad\x1b[22m and \x1b[94;41mblue\x1b[0m\nplain \x1b[38;5;9mpalette\x1b[39;49mx"
    assert spans(text) == [
        Span(text="bad", looks=("bold", "fg-1")),
        Span(text=" and ", looks=("fg-1",)),
        Span(text="blue", looks=("bg-1", "fg-12")),
        Span(text="\nplain "),
        Span(text="palette", looks=("fg-9",)),
        Span(text="x"),
    ]


def test_a_look_lasts_over_lines_until_it_is_ended() -> None:
    found = spans("\x1b[3;100mone\ntwo\x1b[23m\x1b[48;5;200m!")
    assert found == [
        Span(text="one", looks=("bg-8", "italic")),
        Span(text="\n"),
        Span(text="two", looks=("bg-8", "italic")),
        Span(text="!"),
    ]


def test_an_overwritten_cell_has_the_last_look() -> None:
    assert spans("\x1b[32mok\x1b[0m...\r\x1b[31mNO") == [
        Span(text="NO", looks=("fg-1",)),
        Span(text="..."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "\x1b]" * 200_000,
        "\x1b[" + "1;" * 300_000,
        "\x1bP" + "x" * 500_000,
        "a\r" * 300_000,
        "\x1b[31m" * 150_000,
        ("x" * 1000 + "\r") * 500,
        "\x1b[K\x08" * 200_000,
    ],
)
def test_a_mebibyte_of_sequences_takes_no_longer_than_it_has_to(text: str) -> None:
    began = time.process_time()
    printed(text)
    assert time.process_time() - began < 20
