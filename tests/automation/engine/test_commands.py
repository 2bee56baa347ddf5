import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.engine.commands import Command, Shell, words_of
from automation.engine.errors import CommandInvalid

HOSTILE = [
    "; rm -rf /", "&& id", "| sh", "`id`", "$(id)", "${IFS}", "'", '"', "'\"'\"'", "\\", "a\nb",
    "a\rb", "a\tb", "*", "?", "~", "{a,b}", "!", "#x", "-rf", "--", "$'\\n'", "%s", "x" * 100_000,
    "😀", "\u2028", "\u202e", "{{x}}", "{% %}", "", " ", "a b", "=", "1>x", "é",
]  # fmt: skip
# What the type of a command's words allows: any text without NUL and without half characters.
words = st.lists(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1
).filter(lambda found: found[0] != "")


@given(words, st.booleans(), st.booleans())
def test_no_value_can_add_a_word_or_a_command(found: list[str], sudo: bool, as_root: bool) -> None:
    command = Command(words=tuple(found), changes=True, sudo=sudo)
    prefix = ["sudo", "-n", "--"] if sudo and not as_root else []
    assert shlex.split(command.text(as_root=as_root)) == prefix + found


@settings(max_examples=60, deadline=None)
@given(words)
def test_a_real_shell_hands_over_the_very_words(found: list[str]) -> None:
    assert _argv_of(found) == found


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_values_come_back_byte_for_byte(value: str) -> None:
    assert _argv_of(["x", value]) == ["x", value]


def _argv_of(found: list[str]) -> list[str]:
    text = Command(words=("printf", r"%s\0", *found), changes=False).text(as_root=True)
    ran = subprocess.run(["/bin/sh", "-c", text], capture_output=True, check=True, timeout=60)
    return ran.stdout.decode().split("\0")[:-1]


def test_sudo_is_left_out_where_the_login_is_root() -> None:
    command = Command(words=("systemctl", "restart", "a b"), changes=True, sudo=True)
    assert command.text(as_root=True) == "systemctl restart 'a b'"
    assert command.text(as_root=False) == "sudo -n -- systemctl restart 'a b'"


def test_a_shell_gets_its_arguments_apart_from_its_script() -> None:
    found = words_of([Shell('echo "$1"'), "$(id)"])
    assert found == ("/bin/sh", "-c", 'echo "$1"', "sh", "$(id)")
    ran = subprocess.run(found, capture_output=True, check=True, text=True, timeout=60)
    assert ran.stdout == "$(id)\n"


@pytest.mark.parametrize(
    "parts", [(), ("",), ("a\0b",), ("a", "\ud800"), ("a", 5), ("a", Shell("b"))]
)
def test_what_no_command_line_can_carry_is_refused(parts: tuple[str, ...]) -> None:
    with pytest.raises(CommandInvalid):
        Command(words=words_of(parts), changes=False)
