import io
import subprocess
import sys

import pytest
from django.core.management import call_command


def asked(*words: str) -> tuple[str, int]:
    """Return what the command says and its exit code."""
    out = io.StringIO()
    try:
        call_command("guard", *words, stdout=out)
    except SystemExit as ended:
        return out.getvalue(), int(str(ended.code))
    return out.getvalue(), 0


def test_a_harmless_command_is_allowed() -> None:
    assert asked("rm -rf /tmp/x") == ("ALLOW\n", 0)


def test_a_destructive_one_is_blocked_with_its_rule_and_reason() -> None:
    said, code = asked("sudo rm -rf /etc")
    assert code == 1
    assert said.startswith("BLOCK DELETE_RECURSIVE (DENY): It removes")
    assert "rm -rf /etc" in said.splitlines()[1]


def test_reading_is_weighed_as_reading() -> None:
    assert asked("touch /tmp/x")[1] == 0
    assert asked("--reading", "touch /tmp/x")[1] == 1


def test_lines_of_the_input_are_weighed_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("ls\nreboot\n"))
    assert asked("-") == ("ALLOW\t\tls\nBLOCK\tSWITCH_OFF\treboot\n", 0)


def test_each_line_is_answered_whatever_is_in_it() -> None:
    lines = b"ls\n\n\xff\xfe; reboot\necho a\tb\r\nif true\nls # \xc3\xa9\nreboot"
    ran = subprocess.run(
        [sys.executable, "manage.py", "guard", "-"], input=lines, capture_output=True, check=True
    )
    answers = [line.split("\t") for line in ran.stdout.decode().split("\n")[:-1]]
    assert [(answer[0], answer[1]) for answer in answers] == [
        ("ALLOW", ""),
        ("ALLOW", ""),
        ("BLOCK", "UNKNOWN_PROGRAM"),
        ("ALLOW", ""),
        ("BLOCK", "UNREADABLE"),
        ("ALLOW", ""),
        ("BLOCK", "SWITCH_OFF"),
    ]
    assert answers[3][2:] == ["echo a", "b\r"]
