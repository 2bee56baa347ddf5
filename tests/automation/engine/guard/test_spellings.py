"""No wrapping, quoting or spelling of a destructive command gets past the guard."""

import random
from collections.abc import Callable

import pytest

from automation.engine.guard import weigh
from automation.engine.guard.known import LAUNCHED
from tests.automation.engine.guard.corpus import BLOCKED

CHUNKS = 40
EACH = 550
"""So many variants a chunk, each with a seed of its own: 22,000, of which some are alike."""

# Around one plain command, whose words follow.
BEFORE = (
    "sudo {}", "sudo -n -- {}", "sudo -u root {}", "doas {}", "env A=1 {}", "env -i {}",
    "nohup {}", "timeout 5 {}", "timeout -s KILL 5m {}", "nice -n 5 {}", "ionice -c3 {}",
    "setsid {}", "stdbuf -oL {}", "exec {}", "command {}", "time {}", "busybox {}",
    "flock /tmp/l {}", "systemd-run --wait {}", "unshare -m {}", "chroot / {}",
    "runuser -u root -- {}", "strace -f {}", "taskset 1 {}", "A=1 B=2 {}", "xargs {} </dev/null",
    "find /tmp -maxdepth 0 -exec {} \\;", "somebodys-wrapper --fast {}", "docker exec web {}",
)  # fmt: skip
# Around any text.
AROUND = (
    "true && {}", "ls; {}", "{{ {}; }}", "( {} )", "if true; then {}; fi",
    "while true; do {}; done", "until false; do {}; done", "for i in 1 2; do {}; done",
    "case x in x) {};; esac", "f() {{ {}; }}; f", 'echo "$( {} )"', "x=$( {} )",
    "cat <({})", "! {}", "true | {}", "[[ -n $( {} ) ]]", "echo `echo; {}`", "coproc {{ {}; }}",
    "trap '' 2; {}",
    "{} &", "{} # harmless", "   {}", "{} >/dev/null 2>&1", "false || {}",
)  # fmt: skip
PLAIN = (
    "rm -rf /", "rm -rf /etc", "rm -fr /usr/lib", "rm -r -f /home", "mkfs.ext4 /dev/sda1",
    "dd if=/dev/zero of=/dev/sda", "shutdown -h now", "reboot", "chmod -R 777 /etc",
    "chown -R nobody /usr", "systemctl poweroff", "systemctl stop sshd", "iptables -F",
    "kill -9 1", "wipefs -a /dev/sdb", "mv /etc /tmp/x", "cp /tmp/x /etc/shadow", "userdel root",
    "lvremove -f vg0/root", "truncate -s 0 /etc/passwd", "find / -delete", "init 0",
    "blkdiscard /dev/sda", "shred /dev/sda", "ip link set eth0 down",
)  # fmt: skip
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    str,
    lambda word: f"'{word}'",
    lambda word: f'"{word}"',
    lambda word: f"{word[0]}''{word[1:]}",
    lambda word: f'{word[:-1]}""{word[-1]}',
    lambda word: f"\\{word}",
    lambda word: "".join(f"\\{one}" for one in word),
    lambda word: "$'" + "".join(f"\\x{ord(one):02x}" for one in word) + "'",
    lambda word: "$'" + "".join(f"\\{ord(one):03o}" for one in word) + "'",
    lambda word: f'"{word[:1]}"{word[1:]}',
    lambda word: "{" + f"{word},{word}" + "}" if word.startswith("/") else word,
    lambda word: "${nothing-" + word + "}",
    lambda word: f"$(echo {word})",
    lambda word: f"`printf %s {word}`",
    lambda word: word.replace("/", "//") if word.startswith("/") else word,
    lambda word: f"/tmp/..{word}" if word.startswith("/") else word,
    lambda word: f"{word}/./" if word.startswith("/") and word.count("/") == 1 else word,
)


def shelled(text: str, chance: random.Random) -> str:
    """Give a text to another shell in one of several ways."""
    quoted = "'" + text.replace("'", "'\\''") + "'"
    form = chance.choice(
        (
            "sh -c {}", "bash -lc {}", "eval {}", "su -c {}", "bash <<< {}", "echo {} | sh",
            "printf %s {} | bash", "xargs -I@@ sh -c {}", "ssh web1 {}", "sudo sh -c {}",
            "watch -n 1 {}", "x={}; eval \"$x\"", "busybox sh -c {}", "env sh -c {}",
            "script -c {} /dev/null", "source <(echo {})", "echo {} > /tmp/y; sh /tmp/y",
        )
    )  # fmt: skip
    return form.format(quoted)


def spelled(command: str, chance: random.Random) -> str:
    """Spell a command's words anew: the same words to a shell."""
    first, *rest = command.split()
    bare = [form for form in SPELLINGS if "=" not in first]
    words = [chance.choice(bare)(first), *(_spelled(word, chance) for word in rest)]
    return chance.choice((" ", "  ", "\t")).join(words)


def _spelled(word: str, chance: random.Random) -> str:
    return chance.choice(SPELLINGS)(word)


def variant(chance: random.Random) -> str:
    """Return a destructive command in a new form."""
    text = chance.choice(PLAIN)
    if chance.random() < 0.6:
        before = chance.choice(BEFORE)
        if "wrapper" not in before or text.split()[0] in LAUNCHED - {"reboot"}:
            text = before.format(text)
    if chance.random() < 0.8:
        text = _respelled(text, chance)
    for _ in range(chance.randrange(3)):
        if chance.random() < 0.35 and len(text) < 2000:
            text = shelled(text, chance)
        else:
            around = chance.choice(AROUND)
            # Backquotes do not nest.
            text = text if "`" in around and "`" in text else around.format(text)
    return text


def _respelled(text: str, chance: random.Random) -> str:
    """Spell the words of the plain command at the end of a text anew, where it ends one."""
    for plain in PLAIN:
        if text.endswith(plain):
            return text.removesuffix(plain) + spelled(plain, chance)
    return text


@pytest.mark.parametrize("seed", range(CHUNKS))
def test_no_spelling_or_wrapping_gets_past(seed: int) -> None:
    chance = random.Random(f"guard {seed}")
    texts: set[str] = set()
    while len(texts) < EACH:
        texts.add(variant(chance))
    missed = [text for text in sorted(texts) if weigh(text).allowed]
    assert not missed, missed[:10]


def test_no_wrapping_hides_any_example() -> None:
    """Left out are those that do nothing without arguments, or with an empty input."""
    chance = random.Random(4)
    whole = [text for text in BLOCKED if text not in ('"$@" -rf /', "bash", "python3", "su - root")]
    wraps = [one for one in AROUND if one.count("{}") == 1 and "#" not in one]
    for _ in range(600):
        text = chance.choice(wraps).format(chance.choice(whole))
        assert not weigh(text).allowed, text
