"""What a server has is read from what its own tools print."""

import pytest

from servers.ssh.contents import MOST, contents_in, read_contents
from tests.servers.ssh.openssh import Sshd

UNITS = """\
cron.service loaded active running Regular background program processing daemon
gone.service not-found inactive dead gone.service
nginx.service loaded failed failed A high performance web server
proc-sys.automount loaded active running Arbitrary Executable File Formats
"""
FILES = """\
cron.service enabled enabled
getty@.service enabled enabled
masked.service masked enabled
spare.timer disabled enabled
sshd.service alias -
"""
MOUNTS = """\
Filesystem Type 1024-blocks Used Available Capacity Mounted on
udev devtmpfs 100 0 100 0% /dev
/dev/sda1 ext4 1000 820 180 82% /
/dev/sdb1 xfs 1000 970 30 97% /srv/my data
none btrfs 0 0 0 - /odd
"""
PROCESSES = """\
    1     0  0.0 systemd
    2     0  0.0 kthreadd
   17     2  5.0 kworker/0:1
  200     1 40.4 python3
  201     1 20.2 python3
  300     1  1.0 Web Content
  400     1  odd nginx
  500   499 99.0 ps
"""


def printed(*parts: tuple[str, int]) -> str:
    return "".join(f"{text}== {code}\n" for text, code in parts)


def test_what_needs_a_person_stands_first() -> None:
    found = contents_in(printed((UNITS, 0), (FILES, 0), (MOUNTS, 0), (PROCESSES, 0)))
    assert found == {
        "units": [
            ("nginx.service", "failed"),
            ("spare.timer", "inactive"),
            ("cron.service", "active, running"),
        ],
        "file-systems": [("/srv/my data", "97 % full"), ("/", "82 % full")],
        "processes": [
            ("python3", "2 running, 61 % processor"),
            ("Web Content", "1 running, 1 % processor"),
            ("nginx", "1 running, 0 % processor"),
            ("systemd", "1 running, 0 % processor"),
        ],
    }


def test_what_a_server_can_not_tell_is_left_out() -> None:
    no_systemd = printed(("", 127), ("", 127), (MOUNTS, 1), (PROCESSES, 0))
    assert set(contents_in(no_systemd)) == {"file-systems", "processes"}
    # Unit files are there also where systemd does not run, as in a container.
    assert "units" not in contents_in(printed(("", 1), (FILES, 0)))


@pytest.mark.parametrize("text", ["", "motd\n", "== \n", "== 0\n== 0\n== 0\n== 0\n== 0\n"])
def test_what_makes_no_sense_tells_nothing(text: str) -> None:
    assert contents_in(text) == {}


def test_of_very_many_only_the_first_are_told() -> None:
    many = "".join(f"u{n:04}.service loaded active running U\n" for n in range(MOST + 1))
    assert len(contents_in(printed((many, 0)))["units"]) == MOST


def test_a_real_server_tells_what_it_has(sshd: Sshd) -> None:
    found = read_contents(sshd.target())
    assert any(name == "sshd" or name.startswith("python") for name, _ in found["processes"])
    assert any(place.startswith("/") for place, _ in found["file-systems"])
