"""No value of any parameter adds a word or a command to what a shipped runbook sends."""

import shlex
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.engine.errors import ParametersInvalid
from automation.engine.executor import Executor
from automation.engine.params import parse
from automation.engine.runbook import Runbook
from automation.engine.testing import ManualStop, MemoryJournal, ScriptedTransport, reply
from automation.runbooks import file_backup_scripts, log_rotation, process_scripts
from automation.runbooks.disk_cleanup import CleanUpDisk
from automation.runbooks.disk_cleanup_scripts import COPY_AND_TRUNCATE, FIND, TRUNCATE
from automation.runbooks.file_backup import BackUpFiles
from automation.runbooks.health_check import HealthCheck
from automation.runbooks.log_rotation import RotateLogs
from automation.runbooks.process_kill import KillProcess
from automation.runbooks.protected_paths import PROTECTED
from automation.runbooks.service_restart import RestartService
from tests.automation.runbooks.shell_words import key

LOGROTATE = "/usr/sbin/logrotate"
PROGRAMS = {
    *("/bin/sh", "cat", "curl", "df", "journalctl", "nproc", "readlink", "stat", "systemctl"),
    *("test", "wget", LOGROTATE),
}
REPLIES: dict[str, Any] = {
    **{program: reply("LoadState=loaded\nActiveState=failed\n") for program in PROGRAMS},
    "/bin/sh": [reply("/bin/curl"), reply("/bin/wget")],
    "stat": reply("4096 100 5 5"),
    "readlink": reply("\n".join(["/srv/logs", *PROTECTED])),
    key(FIND): reply("1 4096\n8 a.log\0"),
    key(process_scripts.FIND): reply("1700000000 100\n70 5 0 root plain x\n"),
    key(process_scripts.SIGNAL): reply(),
    key(process_scripts.ALIVE): [reply("70:5"), reply()],
    key(log_rotation._FIND): reply(LOGROTATE),
    LOGROTATE: reply("considering log /a\nrotating log /a, log->rotateCount is 0\n"),
    key(file_backup_scripts.MEASURE): reply("4096\n"),
    key(file_backup_scripts.LOOK): reply("4096 100 50 50\n/var/backups\nthere /srv/a\n"),
    key(file_backup_scripts.ARCHIVES): reply(),
    key(file_backup_scripts.WRITE): reply("0 1 abc"),
    key(file_backup_scripts.CHECK): reply("abc 1"),
    key(file_backup_scripts.PRUNE): reply(),
    key(TRUNCATE): reply("4096 1 0 0"),
    key(COPY_AND_TRUNCATE): reply("4096 1 0 0"),
}
SCRIPTS = {
    "command -v curl || command -v wget",
    *(script.script for script in (COPY_AND_TRUNCATE, FIND, TRUNCATE)),
    *(vars(process_scripts)[name].script for name in ("ALIVE", "FIND", "SIGNAL")),
    *(
        vars(file_backup_scripts)[name].script
        for name in ("LOOK", "MEASURE", "ARCHIVES", "WRITE", "CHECK", "PRUNE")
    ),
    *(vars(log_rotation)[name].script for name in ("_FIND", "_SIZES", "_ROTATED_SIZES")),
}
PATH = st.text().map(lambda text: f"/{text}")
VALUE = st.one_of(
    st.text(),
    st.from_regex(r"[A-Za-z0-9@._:\-]{1,40}", fullmatch=True),
    st.from_regex(r"https?://[a-z.]{1,20}/[!-~]{0,40}", fullmatch=True),
)


def sent(runbook: type[Runbook], raw: dict[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    """Return words and text of each command that these parameters lead to; none if refused."""
    try:
        instance = parse(runbook, raw)
    except ParametersInvalid:
        return []
    transport = ScriptedTransport(REPLIES, as_root=False)
    executor = Executor(transport=transport, journal=MemoryJournal(), stop=ManualStop())
    executor.execute(instance)
    assert not transport.unexpected
    return [(command.words, transport.render(command)) for command in transport.commands]


def check(commands: list[tuple[tuple[str, ...], str]], longest: int) -> None:
    for words, text in commands:
        split = shlex.split(text)
        assert split[-len(words) :] == list(words)
        assert split[: -len(words)] in ([], ["sudo", "-n", "--"])
        assert words[0] in PROGRAMS
        if words[0] == "/bin/sh":
            assert words[2] in SCRIPTS
        assert len(words) <= longest


@settings(max_examples=150, deadline=None)
@given(VALUE)
def test_of_the_service_restart(value: str) -> None:
    check(sent(RestartService, {"serviceName": value}), longest=7)


@settings(max_examples=150, deadline=None)
@given(VALUE, VALUE)
def test_of_the_health_check(unit: str, url: str) -> None:
    check(sent(HealthCheck, {"services": [unit], "urls": [url]}), longest=13)


@settings(max_examples=150, deadline=None)
@given(PATH, VALUE, st.booleans())
def test_of_the_disk_cleanup(path: str, pattern: str, keep_copies: bool) -> None:
    raw = {"targetPath": path, "pattern": pattern, "keepCopies": keep_copies}
    check(sent(CleanUpDisk, raw), longest=20)


@settings(max_examples=150, deadline=None)
@given(VALUE, VALUE)
def test_of_the_process_kill(name: str, user: str) -> None:
    check(sent(KillProcess, {"name": name, "force": True}), longest=8)
    check(sent(KillProcess, {"pid": 70, "user": user}), longest=8)


@settings(max_examples=150, deadline=None)
@given(PATH)
def test_of_the_log_rotation(path: str) -> None:
    check(sent(RotateLogs, {"config": path}), longest=6)


@settings(max_examples=150, deadline=None)
@given(PATH, PATH)
def test_of_the_file_backup(path: str, destination: str) -> None:
    check(sent(BackUpFiles, {"paths": [path], "destination": destination}), longest=8)


@pytest.mark.parametrize(
    ("runbook", "raw", "word"),
    [
        (RestartService, {"serviceName": "a@b:c"}, "a@b:c.service"),
        (CleanUpDisk, {"targetPath": "/a';id \"$(id)"}, "/a';id \"$(id)"),
        (CleanUpDisk, {"pattern": "-exec id {} +"}, "-exec id {} +"),
        (BackUpFiles, {"paths": ["/a b;'c"]}, "./a b;'c"),
        (BackUpFiles, {"paths": ["/a"], "destination": "/$(id)"}, "/$(id)"),
        (KillProcess, {"name": "-x $(id) ';"}, "-x $(id) ';"),
        (RotateLogs, {"config": "/a b;'c"}, "/a b;'c"),
        (HealthCheck, {"urls": ["http://a/$(id);'x'&*"]}, "http://a/$(id);'x'&*"),
    ],
)
def test_what_is_accepted_is_one_word(
    runbook: type[Runbook], raw: dict[str, Any], word: str
) -> None:
    assert any(word in shlex.split(text) for _, text in sent(runbook, raw))
