from typing import Any

import pytest

from automation.engine.descriptions import describe
from automation.engine.errors import CommandTimedOut, ConnectionLost
from automation.engine.results import ErrorCode, Status
from automation.engine.testing import Rehearsal, rehearse, reply
from automation.runbooks.health_check import HealthCheck
from tests.automation.runbooks.proc_net_tcp import TCP

DF = "Filesystem Type 1024-blocks Used Available Capacity Mounted on\n/dev/vda ext4 9 1 8 {} /\n"
HEALTHY: dict[str, Any] = {
    "cat /proc/loadavg": reply("0.50 0.1 0.1 1/9 9"),
    "nproc": reply("2"),
    "cat /proc/meminfo": reply("MemTotal: 1000 kB\nMemAvailable: 400 kB\n"),
    "df": reply(DF.format("24%")),
    "systemctl list-units": reply(),
    "systemctl is-active": reply("active\n"),
    "cat /proc/net/tcp": reply(TCP, exit_code=1),
    "/bin/sh -c 'command -v curl || command -v wget'": reply("/usr/bin/curl\n"),
    "curl": reply("HTTP 200"),
}


def play(params: dict[str, Any] | None = None, **changed: Any) -> Rehearsal:
    return rehearse(HealthCheck, params or {}, {**HEALTHY, **changed})


def checks(rehearsal: Rehearsal) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in rehearsal.outcome.result["checks"]}


def test_a_healthy_server_passes_every_check() -> None:
    rehearsal = play(
        {"services": ["nginx", "ssh"], "ports": [8080, 443], "urls": ["http://127.0.0.1:8080/"]}
    )
    outcome = rehearsal.outcome
    assert outcome.status is Status.SUCCESS
    assert outcome.result["healthy"] is True
    assert outcome.summary == "All 10 checks passed."
    assert outcome.verdict is None
    assert not outcome.changed
    found = checks(rehearsal)
    assert list(found) == [
        "load per core", "memory", "disk /", "inodes /", "failed units", "service nginx.service",
        "service ssh.service", "port 8080", "port 443", "url http://127.0.0.1:8080/",
    ]  # fmt: skip
    assert found["load per core"] == {
        "name": "load per core", "value": 0.25, "threshold": 4, "unit": "", "ok": True,
        "message": "The load per core is 0.25 (at most 4).",
    }  # fmt: skip
    assert (found["memory"]["value"], found["memory"]["unit"]) == (60.0, "%")
    assert found["url http://127.0.0.1:8080/"]["value"] == 200


def test_what_is_bad_is_told_and_the_execution_still_succeeds() -> None:
    rehearsal = play(
        {"services": ["nginx"], "ports": [81], "diskPercentMax": 80, "loadPerCoreMax": 0.2},
        **{
            "df -P -T": reply(DF.format("81%")),
            "systemctl is-active": reply("failed\n", exit_code=3),
            "systemctl list-units": reply("nginx.service loaded failed failed A web server\n"),
        },
    )
    outcome = rehearsal.outcome
    assert outcome.status is Status.SUCCESS
    assert outcome.result["healthy"] is False
    assert outcome.summary == (
        "5 of 7 checks failed: The load per core is 0.25 (at most 0.2); 81 % of the space of / is "
        "in use (at most 80 %); Failed units: nginx.service; nginx.service is failed; No program "
        "listens on port 81."
    )
    notes = [row.text for row in rehearsal.log if row.action.step_name == "Sum up"]
    assert len(notes) == 5


def test_how_full_each_disk_is_can_be_looked_up_by_a_condition() -> None:
    df = DF.format("24%") + "/dev/vdb ext4 9 1 8 81% /var\n"
    outcome = play(df=reply(df)).outcome
    assert outcome.result["disks"] == outcome.data["disks"] == {"/": 24, "/var": 81}
    assert outcome.result["fullestDiskPercent"] == 81


def test_disks_that_could_not_be_read_are_missing_and_not_empty() -> None:
    outcome = play(df=reply("", exit_code=2)).outcome
    assert outcome.result["disks"] == {}
    assert "fullestDiskPercent" not in outcome.result


def test_thresholds_themselves_are_still_good() -> None:
    rehearsal = play({"diskPercentMax": 24, "memoryPercentMax": 60, "loadPerCoreMax": 0.25})
    assert rehearsal.outcome.result["healthy"] is True


@pytest.mark.parametrize(
    "failure",
    [reply(exit_code=127, stderr="nproc: not found"), reply("many"), CommandTimedOut("Too long.")],
)
def test_what_can_t_be_read_is_one_failed_check(failure: Any) -> None:
    rehearsal = play(nproc=failure)
    assert rehearsal.outcome.status is Status.SUCCESS
    assert checks(rehearsal)["load"]["ok"] is False
    assert checks(rehearsal)["load"]["message"].startswith("Could not check load: ")
    assert checks(rehearsal)["memory"]["ok"] is True


def test_a_lost_connection_is_no_bad_health_but_a_failed_execution() -> None:
    outcome = play(df=ConnectionLost("Gone.")).outcome
    assert (outcome.status, outcome.error_code) == (Status.FAILED, ErrorCode.CONNECTION_LOST)


@pytest.mark.parametrize(
    "answer",
    [
        reply(exit_code=127),
        reply(exit_code=1, stderr="System has not been booted with systemd as init system."),
    ],
)
def test_without_systemd_failed_units_are_not_looked_for(answer: Any) -> None:
    rehearsal = play(**{"systemctl list-units": answer})
    assert "failed units" not in checks(rehearsal)
    assert rehearsal.outcome.result["healthy"] is True
    assert any("systemd does not run this server" in row.text for row in rehearsal.log)


@pytest.mark.parametrize("stderr", ["Failed to connect to bus", ""])
def test_a_systemctl_that_fails_is_a_failed_check(stderr: str) -> None:
    rehearsal = play(**{"systemctl list-units": reply(exit_code=1, stderr=stderr)})
    assert checks(rehearsal)["failed units"]["ok"] is False


def test_a_service_that_systemctl_does_not_tell_of_is_unknown() -> None:
    rehearsal = play({"services": ["x"]}, **{"systemctl is-active": reply(exit_code=127)})
    assert checks(rehearsal)["service x.service"]["value"] == "unknown"


def test_a_server_without_file_systems_says_so() -> None:
    rehearsal = play(df=reply("Filesystem ...\n"))
    assert rehearsal.outcome.summary == "All 3 checks passed."
    assert any("df tells of no file system" in row.text for row in rehearsal.log)


URL = {"urls": ["http://127.0.0.1/x"]}
WHICH = "/bin/sh -c 'command -v curl || command -v wget'"


def test_wget_is_used_where_there_is_no_curl() -> None:
    rehearsal = play(
        URL,
        **{
            WHICH: reply("/usr/bin/wget\n"),
            "wget": reply(stderr="  HTTP/1.1 503 Service Unavailable\n", exit_code=8),
        },
    )
    (command,) = [text for text in rehearsal.commands if text.startswith("wget")]
    assert command == "wget -S -O /dev/null -T 10 -t 1 -- http://127.0.0.1/x"
    assert checks(rehearsal)["url http://127.0.0.1/x"]["message"] == (
        "http://127.0.0.1/x answers 503."
    )


def test_without_curl_and_wget_the_check_says_so() -> None:
    rehearsal = play(URL, **{WHICH: reply(exit_code=127)})
    (check,) = [c for c in rehearsal.outcome.result["checks"] if c["name"].startswith("url")]
    assert "neither curl nor wget" in check["message"]
    assert not check["ok"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            reply("HTTP 000", stderr="curl: (7) Failed to connect.\n", exit_code=7),
            "http://127.0.0.1/x does not answer: curl: (7) Failed to connect.",
        ),
        (reply("HTTP 000", exit_code=28), "http://127.0.0.1/x does not answer: exit code 28."),
    ],
)
def test_an_address_that_does_not_answer_is_told_in_curl_s_words(answer: Any, message: str) -> None:
    assert checks(play(URL, curl=answer))["url http://127.0.0.1/x"]["message"] == message


def test_a_dry_run_looks_as_a_run_does_since_it_changes_nothing() -> None:
    rehearsal = rehearse(HealthCheck, {}, HEALTHY, is_dry_run=True)
    assert rehearsal.outcome.summary == "All 5 checks passed."
    assert rehearsal.planned == []


def test_the_parameters_are_those_of_the_contract() -> None:
    found = {p.name: (p.type, p.required, p.default) for p in describe(HealthCheck)}
    assert found == {
        "services": ("list of systemd units", False, []),
        "ports": ("list of whole numbers", False, []),
        "urls": ("list of web addresses", False, []),
        "diskPercentMax": ("whole number", False, 90),
        "inodePercentMax": ("whole number", False, 90),
        "loadPerCoreMax": ("number", False, 4),
        "memoryPercentMax": ("whole number", False, 95),
    }
    assert HealthCheck.default_cooldown_minutes == 0
