"""Which commands may share a shell."""

import pytest

from automation.engine.commands import Command, Shell
from automation.runner.plain_programs import is_plain


@pytest.mark.parametrize(
    ("words", "changes", "stdin", "plain"),
    [
        (("cat", "/proc/loadavg"), False, "", True),
        (("cat", "/proc/loadavg"), True, "", False),
        (("cat",), False, "text", False),
        (("systemctl", "is-active", "nginx"), False, "", False),
        (("/opt/own/cat", "x"), False, "", False),
        (Shell("cat /proc/loadavg").words(), False, "", False),
    ],
)
def test_one_that_reads_by_a_known_program_and_is_given_nothing(
    words: tuple[str, ...], changes: bool, stdin: str, plain: bool
) -> None:
    assert is_plain(Command(words=words, changes=changes, stdin=stdin)) is plain
