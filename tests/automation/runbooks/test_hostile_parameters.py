"""No value of any parameter adds a word, an option or a command to what a shipped runbook sends."""

import re
import subprocess
from typing import Any

import pytest
from hypothesis import HealthCheck as Health
from hypothesis import given, settings
from hypothesis import strategies as st

from automation import catalog
from automation.engine.commands import Command, Shell
from automation.engine.descriptions import ParamDescription, describe
from automation.engine.errors import ParametersInvalid
from automation.engine.executor import Executor
from automation.engine.params import parse
from automation.engine.results import CommandResult, Status
from automation.engine.runbook import Runbook
from automation.engine.testing import ManualStop, MemoryJournal, ScriptedTransport, reply
from automation.runbooks import (
    disk_cleanup_scripts,
    file_backup_scripts,
    log_rotation,
    process_scripts,
)
from automation.runbooks.protected_paths import PROTECTED
from servers.ssh.session import Session
from tests.automation.runbooks.hostile import HARMLESS, is_text, pairs
from tests.automation.runbooks.shell_words import key
from tests.servers.ssh.conftest import run

LOGROTATE = "/usr/sbin/logrotate"
SUDO = ("sudo", "-n", "--")

Sent = list[tuple[tuple[str, ...], str]]
"""Of each command its words, and the text for the server's shell."""


def looked(command: Command) -> CommandResult:
    """Say of each path of a backup that it is there."""
    return reply("4096 100 50 50\n/var/backups\n" + "there /srv/a\n" * (len(command.words) - 5))


REPLIES: dict[str, Any] = {
    **dict.fromkeys(("cat", "curl", "df", "journalctl", "nproc", "test", "wget"), reply()),
    "systemctl": [
        reply("LoadState=loaded\nActiveState=failed\n"),
        reply("LoadState=loaded\nActiveState=failed\n"),
        reply(),
        reply("LoadState=loaded\nActiveState=active\n"),
    ],
    "stat": reply("4096 100 5 5"),
    "readlink": reply("\n".join(["/srv/logs", *PROTECTED])),
    key(disk_cleanup_scripts.FIND): reply("1 4096\n8 a.log\0"),
    key(disk_cleanup_scripts.TRUNCATE): reply("4096 1 0 0"),
    key(disk_cleanup_scripts.COPY_AND_TRUNCATE): reply("4096 1 0 0"),
    key(disk_cleanup_scripts.RESTORE): reply("0 1 0 0"),
    key(process_scripts.FIND): reply("1700000000 100\n70 5 0 root plain x\n"),
    key(process_scripts.SIGNAL): reply(),
    key(process_scripts.ALIVE): [reply("70:5"), reply()],
    key(log_rotation._FIND): reply(LOGROTATE),
    key(log_rotation._SIZES): reply("4096\n"),
    key(log_rotation._ROTATED_SIZES): reply("4096 .gz\n"),
    LOGROTATE: reply(
        "considering log /a\nrotating log /a, log->rotateCount is 0\nrenaming /a to /a.1\n"
    ),
    key(file_backup_scripts.MEASURE): reply("4096\n"),
    key(file_backup_scripts.LOOK): looked,
    key(file_backup_scripts.ARCHIVES): reply(),
    key(file_backup_scripts.WRITE): reply("0 1 abc"),
    key(file_backup_scripts.CHECK): reply("abc 1"),
    key(file_backup_scripts.PRUNE): reply(),
    key(file_backup_scripts.RESTORE): reply(),
}
# What makes a runbook send each command that it has, beside the parameter in question.
OTHERS: dict[str, list[dict[str, Any]]] = {
    "SERVICE_RESTART": [{"serviceName": "nginx"}],
    "HEALTH_CHECK": [{"urls": ["http://localhost/"]}],
    "DISK_CLEANUP": [{}, {"keepCopies": True, "olderThanDays": 1}],
    "PROCESS_KILL": [{"name": "x", "force": True}, {"name": "x", "user": "root"}, {"force": True}],
    "LOG_ROTATION": [{"config": "/a"}, {"config": "/a", "force": False}],
    "FILE_BACKUP": [{"paths": ["/a"]}, {"paths": ["/a", "/b"], "compress": False}],
}
SERVERS: dict[str, dict[str, Any]] = {
    "well": {"/bin/sh": reply("/bin/curl")},
    "broken": {
        "/bin/sh": reply("/bin/wget"),
        "systemctl": reply("LoadState=loaded\nActiveState=failed\n"),
    },
    "empty": {"/bin/sh": reply(), "systemctl": reply("LoadState=not-found\n")},
}
SHIPPED = [kind for kind in catalog.runbooks() if kind.__module__.startswith("automation.runbooks")]
PARAMETERS = [
    pytest.param(kind, parameter, id=f"{kind.id} {parameter.name}")
    for kind in SHIPPED
    for parameter in describe(kind)
]
# Names that a runbook makes up of the time, and of the paths all together.
MADE_UP = re.compile(r"\d{8}T\d{6}[-\d]*Z(-[0-9a-f]{8}\.gz)?|(?<=opsmanager-)[0-9a-f]{12}(?=-)")

# The words of a command as a shell sees them: how many, then each, ended by NUL. A command that a
# value added would be no word of it.
RECORD = r"""record() { printf '%d\0' "$#"; for word do printf '%s\0' "$word"; done; }"""


def sent(kind: type[Runbook], raw: dict[str, Any], server: str = "well") -> Sent | None:
    """Return what the runbook sends, its rollback included; None if the values are refused."""
    try:
        instance = parse(kind, raw)
    except ParametersInvalid:
        return None
    transport = ScriptedTransport({**REPLIES, **SERVERS[server]}, as_root=False)
    executor = Executor(transport=transport, journal=MemoryJournal(), stop=ManualStop())
    done = executor.execute(instance)
    if done.status is Status.SUCCESS and done.changed:
        executor.roll_back(instance, data=done.data, steps_done=done.steps_done)
    assert not transport.unexpected
    return [(command.words, transport.render(command)) for command in transport.commands]


def as_recorded(output: bytes) -> list[tuple[str, ...]]:
    """Return the words that RECORD printed, command by command."""
    words = iter(output.decode().split("\0")[:-1])
    return [tuple(next(words) for _ in range(int(number))) for number in words]


def as_bin_sh_reads(texts: list[str]) -> list[tuple[str, ...]]:
    """Return the words of each command as the real shell sees them; it finds no program to run."""
    ran = subprocess.run(
        ["/bin/sh"],
        input="\n".join([RECORD, *(f"record {text}" for text in texts)]).encode(),
        env={"PATH": "/nonexistent"},
        capture_output=True,
        check=True,
    )
    assert ran.stderr == b""
    return as_recorded(ran.stdout)


def assert_nothing_but_its_words(commands: Sent, read: list[tuple[str, ...]]) -> None:
    """Check that a shell reads each command as the words that it was made of."""
    for (words, _), found in zip(commands, read, strict=True):
        assert found in (words, (*SUDO, *words))


def assert_only_values_differ(hostile: Sent, harmless: Sent) -> None:
    """Check that each command is one of the harmless ones, but for the words that hold a value."""
    for words, _ in hostile:
        assert any(fits(words, known) for known, _ in harmless), words


def fits(words: tuple[str, ...], known: tuple[str, ...]) -> bool:
    """Whether a command differs from a known one in nothing but the words that hold a value."""
    return len(words) == len(known) and all(
        is_a_value(words, number, expected)
        if HARMLESS in expected
        else MADE_UP.sub("", word) == MADE_UP.sub("", expected)
        for number, (word, expected) in enumerate(zip(words, known, strict=True))
    )


def is_a_value(words: tuple[str, ...], number: int, expected: str) -> bool:
    """Whether the word there can be nothing but a value; ``expected`` holds a harmless one."""
    if not words[number].startswith("-") or takes_any_word(words, number):
        return True
    option, _, _ = expected.partition(HARMLESS)
    return option.startswith("--") and words[number].startswith(option)


def takes_any_word(words: tuple[str, ...], number: int) -> bool:
    """Whether what stands there is no option, though it begins as one does."""
    return words[number - 1] == "-name" or words[:3] == process_scripts.FIND.words()[:3]


@pytest.mark.parametrize(("kind", "parameter"), PARAMETERS)
def test_no_value_is_more_than_its_word(kind: type[Runbook], parameter: ParamDescription) -> None:
    accepted = []

    @settings(max_examples=100, deadline=None)
    @given(
        pairs(parameter.json_schema),
        st.sampled_from(OTHERS[kind.id]),
        st.sampled_from(sorted(SERVERS)),
    )
    def check(pair: tuple[Any, Any], others: dict[str, Any], server: str) -> None:
        hostile = sent(kind, {**others, parameter.name: pair[0]}, server)
        if hostile is None:
            return
        accepted.append(pair[0])
        assert_nothing_but_its_words(hostile, as_bin_sh_reads([text for _, text in hostile]))
        harmless = sent(kind, {**others, parameter.name: pair[1]}, server) or []
        usual = sent(kind, others, server) or []
        assert_only_values_differ(hostile, harmless + usual)

    check()
    assert accepted, "Not one value was accepted: this showed nothing."


@pytest.mark.sshd
def test_none_is_on_a_real_server_either(session: Session) -> None:
    """As OpsManager sends it, through sshd and the script around each command."""
    accepted = []

    @settings(max_examples=60, deadline=None, suppress_health_check=[Health.too_slow])
    @given(st.data())
    def check(data: st.DataObject) -> None:
        kind = data.draw(st.sampled_from(SHIPPED))
        words = [one for one in describe(kind) if is_text(one.json_schema)]
        raw = {one.name: data.draw(pairs(one.json_schema))[0] for one in words}
        commands = sent(kind, raw)
        if commands is None:
            return
        accepted.append(raw)
        text = "\n".join([RECORD, *(f"record {text}" for _, text in commands)])
        ran = run(session, text)
        assert (ran.exit_code, ran.stderr) == (0, b"")
        assert_nothing_but_its_words(commands, as_recorded(bytes(ran.stdout)))

    check()
    assert accepted, "Not one value was accepted: this showed nothing."


def test_each_script_and_program_of_the_library_was_tried() -> None:
    """What the runbooks above send is all that they have."""
    scripts = {
        value.script
        for module in (disk_cleanup_scripts, file_backup_scripts, process_scripts, log_rotation)
        for value in vars(module).values()
        if isinstance(value, Shell)
    }
    commands = [
        words
        for kind in SHIPPED
        for others in OTHERS[kind.id]
        for server in SERVERS
        for words, _ in sent(kind, others, server) or []
    ]
    assert scripts <= {words[2] for words in commands if words[:2] == ("/bin/sh", "-c")}
    assert {"systemctl", "curl", "wget", "journalctl", LOGROTATE} <= {
        words[0] for words in commands
    }
