"""That a comparison of before and after finds what a dry run must not do."""

import pytest

from tests.servers.systemd.machines import SystemdMachine
from tests.servers.systemd.untouched import untouched

pytest_plugins = ("tests.servers.systemd.fixtures",)
pytestmark = pytest.mark.systemd


@pytest.mark.parametrize(
    ("change", "undo"),
    [
        ("touch /tmp/stray", "rm /tmp/stray"),
        ("touch -r /etc/hostname /etc/hostname", ":"),
        ("mkdir /root/.stray", "rmdir /root/.stray"),
        (": >/run/stray", "rm /run/stray"),
        ("mv /var/log/syslog /var/log/moved", "mv /var/log/moved /var/log/syslog"),
        ("setsid -f sleep 300 >/dev/null 2>&1", "pkill -x sleep"),
        ("systemctl restart nginx", "systemctl reset-failed nginx"),
    ],
)
def test_what_was_changed_is_found(systemd_machine: SystemdMachine, change: str, undo: str) -> None:
    with pytest.raises(AssertionError), untouched(systemd_machine):
        systemd_machine.run("sh", "-c", change)
    systemd_machine.run("sh", "-c", undo)


def test_a_look_changes_nothing(systemd_machine: SystemdMachine) -> None:
    with untouched(systemd_machine):
        systemd_machine.run("true")
