"""The guard refuses each destructive command and lets each look-alike pass."""

import random
import time
from statistics import median

import pytest

from automation.engine.guard import Severity, weigh
from tests.automation.engine.guard.corpus import ALLOWED, BLOCKED


def test_there_are_enough_examples_to_show_something() -> None:
    assert len(set(BLOCKED)) >= 300
    assert len(set(ALLOWED)) >= 300


@pytest.mark.parametrize("text", BLOCKED)
def test_a_destructive_command_is_refused_with_its_reason(text: str) -> None:
    decision = weigh(text)
    assert not decision.allowed
    assert decision.rule != "GUARD_FAILED"
    assert decision.severity in Severity
    assert decision.explanation.endswith((".", ")", "]"))


@pytest.mark.parametrize("text", ALLOWED)
def test_a_look_alike_passes(text: str) -> None:
    decision = weigh(text)
    assert decision.allowed, decision


WRAPS = (
    "sudo {}", "sudo -n -- {}", "env A=1 {}", "nohup {}", "timeout 5 {}", "nice -n 5 {}",
    "true && {}", "{{ {}; }}", "( {} )", "if true; then {}; fi", "while true; do {}; done",
    "f() {{ {}; }}; f", 'echo "$({})"', "cat <({})", "! {}", "true | {}",
)  # fmt: skip
PLAIN = (
    "rm -rf /", "rm -rf /etc", "rm -fr /usr/lib", "rm -r -f /home", "mkfs.ext4 /dev/sda1",
    "dd if=/dev/zero of=/dev/sda", "shutdown -h now", "reboot", "chmod -R 777 /etc",
    "systemctl poweroff", "iptables -F", "kill -9 1", "wipefs -a /dev/sdb", "mv /etc /tmp/x",
)  # fmt: skip


def spelled(command: str, chance: random.Random) -> str:
    """Spell a command's words anew: the same words to a shell."""
    return " ".join(chance.choice(SPELLINGS)(word) for word in command.split())


SPELLINGS = (
    str,
    lambda word: f"'{word}'",
    lambda word: f'"{word}"',
    lambda word: f"{word[0]}''{word[1:]}",
    lambda word: f"\\{word}",
    lambda word: "$'" + "".join(f"\\x{ord(one):02x}" for one in word) + "'",
    lambda word: f'"{word[:1]}"{word[1:]}',
    lambda word: "{" + f"{word},{word}" + "}" if word.startswith("/") else word,
)


def test_no_spelling_or_wrapping_gets_past() -> None:
    chance = random.Random(20261124)
    for _ in range(400):
        text = spelled(chance.choice(PLAIN), chance)
        for _ in range(chance.randrange(3)):
            text = chance.choice(WRAPS[6:]).format(text)
        assert not weigh(text).allowed, text
        text = chance.choice(WRAPS[:6]).format(spelled(chance.choice(PLAIN), chance))
        assert not weigh(text).allowed, text


def test_no_wrapping_hides_any_example() -> None:
    """Left out are those that do nothing without arguments, or with an empty input."""
    chance = random.Random(4)
    whole = [text for text in BLOCKED if text not in ('"$@" -rf /', "bash", "python3", "su - root")]
    for _ in range(1500):
        text = chance.choice(WRAPS[6:]).format(chance.choice(whole))
        assert not weigh(text).allowed, text


def test_a_command_is_weighed_once() -> None:
    weigh.cache_clear()
    weigh("rm -rf /etc")
    weigh("rm -rf /etc")
    assert weigh.cache_info().hits == 1


def test_weighing_takes_milliseconds() -> None:
    weigh.cache_clear()
    took = []
    for text in ALLOWED[:60]:
        begun = time.perf_counter()
        weigh(text)
        took.append(time.perf_counter() - begun)
    assert median(took) < 0.1
