"""A demo server is a believable server: its units, logs and programs behave as the real ones."""

import re

import pytest

from tests.embedded.demo.demo import eventually


def show(fleet, unit, on="web-1"):
    result = fleet.run(
        f"systemctl show -p ActiveState,SubState,MainPID,NRestarts,LoadState,Result {unit}", on=on
    )
    assert result.code == 0
    return dict(line.split("=", 1) for line in result.out.splitlines())


def test_a_restart_repairs_what_is_down(fleet):
    fleet.run("systemctl kill -s KILL shop")
    eventually(lambda: show(fleet, "shop.service")["ActiveState"] == "failed")
    before = show(fleet, "shop.service")
    assert (before["MainPID"], before["Result"]) == ("0", "signal")
    assert fleet.run("curl -sf http://127.0.0.1/").code != 0
    assert fleet.run("systemctl is-active shop.service").code == 3
    failed = fleet.run("systemctl list-units --state=failed --no-legend --plain").out
    assert failed == "shop.service loaded failed failed Shop web front\n"

    assert fleet.run("systemctl restart shop.service").code == 0

    first = show(fleet, "shop.service")
    assert (first["ActiveState"], first["SubState"], first["NRestarts"]) == (
        "active",
        "running",
        "0",
    )
    assert fleet.run("sleep 3; curl -sf http://127.0.0.1/").out == "ok\n"
    assert show(fleet, "shop.service") == first
    assert fleet.run("systemctl restart shop.service").code == 0
    assert show(fleet, "shop.service")["MainPID"] not in ("0", first["MainPID"])
    assert fleet.run("systemctl list-units --state=failed --no-legend").out == ""


def test_the_incident_is_true(start):
    demo = start()
    if not demo.contained:
        pytest.skip("This machine cannot contain demo servers.")
    incident = demo.servers["web-1"]["incident"]
    assert incident["labels"] == {
        "alertname": "SystemdUnitFailed",
        "unit": "shop.service",
        "instance": "web-1:9100",
    }
    assert [name for name, one in demo.servers.items() if "incident" in one] == ["web-1"]
    assert show(demo, incident["labels"]["unit"])["ActiveState"] == "failed"
    journal = demo.run("journalctl -u shop -n 2 --no-pager -o cat").out
    assert journal == (
        "shop.service: Main process exited, code=killed, status=9/KILL\n"
        "shop.service: Failed with result 'signal'.\n"
    )


def test_stop_start_and_reset_failed(fleet):
    assert fleet.run("systemctl stop backup-agent", on="db-1").code == 0
    assert show(fleet, "backup-agent", on="db-1")["ActiveState"] == "inactive"
    assert fleet.run("systemctl start backup-agent", on="db-1").code == 0
    assert show(fleet, "backup-agent", on="db-1")["SubState"] == "running"
    fleet.run("systemctl kill -s 9 shop")
    eventually(lambda: show(fleet, "shop")["ActiveState"] == "failed")
    assert fleet.run("systemctl is-failed shop").code == 0
    assert fleet.run("systemctl is-system-running").out == "degraded\n"
    assert fleet.run("systemctl reset-failed shop").code == 0
    assert show(fleet, "shop")["ActiveState"] == "inactive"
    assert fleet.run("systemctl is-failed shop").code == 1
    fleet.run("systemctl start shop")


def test_a_unit_that_does_not_exist(fleet):
    assert show(fleet, "nope.service") == {
        "MainPID": "0",
        "Result": "success",
        "NRestarts": "0",
        "LoadState": "not-found",
        "ActiveState": "inactive",
        "SubState": "dead",
    }
    restart = fleet.run("systemctl restart nope.service")
    assert (restart.code, restart.err) == (
        5,
        "Failed to restart nope.service: Unit nope.service not found.\n",
    )
    assert fleet.run("systemctl is-active nope").code == 4
    assert fleet.run("systemctl status nope").code == 4
    assert fleet.run("systemctl cat nope").err == "No files found for nope.service.\n"
    assert fleet.run("systemctl reset-failed nope").code == 1
    assert fleet.run("systemctl kill nope").code == 1
    assert fleet.run("systemctl list-unit-files nope.service").code == 1
    assert fleet.run("systemctl frobnicate nope").err == "Unknown command verb frobnicate.\n"


def test_a_unit_that_cannot_start(fleet):
    unit = "[Service]\\nExecStart=/bin/false\\n"
    fleet.run(f"printf '{unit}' >/etc/systemd/system/broken.service", on="db-1")
    start = fleet.run("systemctl start broken", on="db-1")
    assert start.code == 1
    assert start.err.startswith("Job for broken.service failed")
    assert show(fleet, "broken", on="db-1")["ActiveState"] == "failed"
    fleet.run("rm /etc/systemd/system/broken.service; systemctl daemon-reload", on="db-1")


def test_status_cat_and_unit_files_read_as_systemds(fleet):
    fleet.run("systemctl start sessions")
    status = fleet.run("systemctl status sessions --no-pager")
    assert status.code == 0
    assert "Active: active (running) since" in status.out
    assert "Listening on 127.0.0.1:6379" in status.out
    assert fleet.run("systemctl cat sessions").out.startswith(
        "# /etc/systemd/system/sessions.service\n[Unit]\nDescription=Session store of the shop\n"
    )
    files = fleet.run("systemctl list-unit-files --type=service --no-legend --plain").out
    assert files.splitlines() == [
        "sessions.service enabled enabled",
        "shop.service enabled enabled",
    ]
    assert fleet.run("systemctl is-enabled shop").out == "enabled\n"
    assert "sessions.service loaded active running" in fleet.run("systemctl list-units").out


def test_a_unit_that_wants_it_is_started_again_by_itself(fleet):
    before = show(fleet, "mailer", on="app-1")
    fleet.run("systemctl start mailer", on="app-1")
    fleet.run("kill -9 $(systemctl show -P MainPID mailer)", on="app-1")
    eventually(lambda: show(fleet, "mailer", on="app-1")["SubState"] == "running")
    after = show(fleet, "mailer", on="app-1")
    assert after["MainPID"] != before["MainPID"]
    assert int(after["NRestarts"]) >= 1
    fleet.run("systemctl restart mailer", on="app-1")
    assert show(fleet, "mailer", on="app-1")["NRestarts"] == "0"


def test_a_service_outlives_the_session_that_started_it(fleet):
    fleet.run("systemctl restart shop")
    pid = show(fleet, "shop")["MainPID"]
    environment = fleet.run(f"tr '\\0' '\\n' </proc/{pid}/environ").out
    assert "OPSM_STEP" not in environment
    assert fleet.run(f"readlink /proc/{pid}/fd/1").out == "/var/log/journal/shop.service.log\n"


def test_the_journal_reads_as_journalctls(fleet):
    fleet.run("systemctl restart shop")
    # The service may have said its own first word by then.
    last = fleet.run("journalctl -u shop.service -n 2 --no-pager").out
    started = r"^\w{3} \d\d \d\d:\d\d:\d\d web-1 systemd\[1\]: Started shop.*$"
    assert re.search(started, last, re.MULTILINE), last
    iso = fleet.run("journalctl --unit=shop --lines=3 --output=short-iso --no-pager").out
    assert len(iso.splitlines()) == 3
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} web-1 ", iso)
    assert fleet.run("journalctl -u nope").out == "-- No entries --\n"
    assert fleet.run("journalctl --since '1 hour ago' -g Started -r").out
    assert fleet.run("journalctl --since 2199-01-01 -q").out == ""


def test_what_runbooks_ask_a_server(fleet):
    for text in (
        "cat /proc/loadavg /proc/meminfo /proc/net/tcp",
        "df -P && df -Pi",
        "nproc && id -u && hostname && uname -a",
        "sudo -n true && sudo -n -- id",
        "setsid -w timeout -k 1 5 sh -c 'echo $HOME'",
        "test -w $HOME && mkdir -p $HOME/.opsm",
    ):
        result = fleet.run(text)
        assert result.code == 0, result


def test_a_recorded_command_keeps_its_record(fleet):
    result = fleet.run("echo changed", recorded=True)
    assert (result.code, result.out) == (0, "changed\n")
    assert fleet.run("cat $HOME/.opsm/*/rc").out == "0\n"


def test_a_log_disk_is_nearly_full(fleet):
    line = fleet.run("df -P /var/log", on="app-1").out.splitlines()[1]
    assert int(line.split()[4].rstrip("%")) >= 90
    assert "debug.log.1" in fleet.run("find /var/log -size +4096k -mtime +7", on="app-1").out


def test_each_server_is_itself(fleet):
    for name in fleet.servers:
        assert fleet.run("hostname; cat /etc/hostname", on=name).out == f"{name}\n{name}\n"
    environments = [one["environment"] for one in fleet.servers.values()]
    assert environments.count("production") == 1
    assert fleet.run("curl -sf http://127.0.0.1:8080/health", on="app-1").out == "ok\n"


def test_the_end_by_a_signal_and_a_failed_start_are_told(fleet):
    assert fleet.run("kill -TERM $$").code == 128 + 15
    assert fleet.run("exit 7").code == 7
