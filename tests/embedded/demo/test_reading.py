"""Where it cannot be contained, a demo server reads a little and changes nothing."""

from pathlib import Path
from uuid import uuid4

import pytest

from opsmanager.embedded.demo.reading import ALLOWED, understand
from servers.ssh import script


@pytest.fixture
def reader(start):
    return start(OPSMANAGER_DEMO_UNCONTAINED="1")


def test_it_says_so(reader):
    assert not reader.contained
    assert "NOT CONTAINED: OPSMANAGER_DEMO_UNCONTAINED is set." in reader.log.read_text()
    for one in reader.servers.values():
        assert one["contained"] is False
        assert "incident" not in one
        assert "Not contained" in one["description"]


def test_it_answers_what_is_on_the_list(reader):
    load = reader.run("cat /proc/loadavg")
    assert (load.code, load.err) == (0, "")
    assert len(load.out.split()) == 5
    assert reader.run("df -P").out.startswith("Filesystem")
    assert reader.run("true").code == 0


def test_it_refuses_all_else_and_says_why(reader, tmp_path):
    mark = tmp_path / "mark"
    mark.write_text("untouched")
    for text in (
        f"rm {mark}",
        f"touch {tmp_path}/new",
        f"cat {mark}",
        f"cat /proc/loadavg; touch {tmp_path}/new",
        f"cat /proc/loadavg > {mark}",
        f"cat /proc/loadavg\ntouch {tmp_path}/new",
        f"cat /proc/loadavg $(touch {tmp_path}/new)",
        f"true && touch {tmp_path}/new",
        "cat /etc/passwd",
        "kill -9 -1",
        "systemctl restart shop.service",
        f"sh -c 'touch {tmp_path}/new'",
    ):
        result = reader.run(text)
        assert result.code == 126, text
        assert result.out == ""
        assert result.err.startswith("Not run: ")
        assert "cannot be contained on this machine" in result.err
    assert reader.run("true", recorded=True).code == 0
    assert mark.read_text() == "untouched"
    assert list(tmp_path.iterdir()) == [mark]


def test_no_record_is_written_to_the_users_home(reader):
    before = set(Path.home().glob(".opsm/*"))
    reader.run("true", recorded=True)
    assert set(Path.home().glob(".opsm/*")) == before


def wrapped(text: str) -> bytes:
    return script.wrap(text, action_id=uuid4())


def test_the_command_is_taken_out_of_the_clients_script():
    action = uuid4()
    asked = understand(script.SHELL, script.wrap("df -P", action_id=action))
    assert (asked.text, asked.announcement) == ("df -P", str(action))
    assert asked.is_allowed
    assert understand("exec /bin/sh", wrapped("df '-P'")).is_allowed is False
    assert understand("exec /bin/sh", wrapped("rm 'it''s'")).text == "rm 'it''s'"


@pytest.mark.parametrize(
    ("command", "stdin"),
    [
        ("exec /bin/sh", b""),
        ("exec /bin/sh", b"touch /tmp/x"),
        ("exec /bin/sh", b"{\nopsm_text='unfinished"),
        ("exec /bin/sh", b"\xff\xfe\x00"),
        ("exec /bin/sh", b"opsm_text=true"),
        ("/bin/sh -s", wrapped("true")),
        ("", b""),
        ("true; false", b""),
        ("'true", b""),
        (" true", b""),
    ],
)
def test_what_is_not_understood_is_refused(command, stdin):
    assert not understand(command, stdin).is_allowed


def test_only_what_was_compared_is_run():
    # A script that says one thing in its head and does another below runs nothing of the latter.
    two_faced = wrapped("df -P").replace(b"opsm_rc=$?", b"touch /tmp/two-faced")
    asked = understand("exec /bin/sh", two_faced)
    assert asked.words == ("df", "-P")


def test_a_plain_command_needs_no_script():
    assert understand("uname -a", b"").words in ALLOWED
