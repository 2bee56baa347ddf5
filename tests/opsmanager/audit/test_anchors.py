"""The head of the chain goes outside; a place that fails is shown and stops nobody."""

import json
import socket
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core import mail

from opsmanager.audit import anchors, sealing, tasks, trail
from opsmanager.audit.anchors import Anchor
from opsmanager.audit.verify import verify
from opsmanager.common.models import Pulse

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nowhere(settings) -> None:
    settings.AUDIT_ANCHOR_FILE = settings.AUDIT_ANCHOR_MAIL = ""
    settings.AUDIT_ANCHOR_SYSLOG = None


def head() -> Anchor:
    trail.record("DONE", actor=None)
    sealing.seal()
    found = anchors.head()
    assert found is not None
    return found


def test_each_new_head_is_a_line_of_the_file_and_the_file_is_believed(
    settings, tmp_path: Path
) -> None:
    file = tmp_path / "anchors"
    settings.AUDIT_ANCHOR_FILE = str(file)
    assert anchors.kept() == []
    assert anchors.send() == []
    assert not file.exists()
    first = head()
    tasks.send_anchors()
    tasks.send_anchors()
    second = head()
    assert anchors.send() == []
    assert anchors.read(file) == anchors.kept() == [first, second]
    assert file.stat().st_mode & 0o007 == 0
    assert verify(anchors=anchors.kept()).is_whole
    (standing,) = anchors.standings()
    assert (standing.name, standing.n, standing.problem) == ("file", 2, "")
    assert datetime.now(UTC) - standing.sent_at < timedelta(minutes=1)


def read(line: bytes) -> dict[str, object]:
    text = line.decode()
    assert text.startswith("<109>1 ")
    found: dict[str, object] = json.loads(text[text.index("{") :])
    return found


def test_a_syslog_over_udp(settings) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(60)
        settings.AUDIT_ANCHOR_SYSLOG = ("udp", "127.0.0.1", listener.getsockname()[1])
        anchor = head()
        assert anchors.send() == []
        assert read(listener.recv(4096))["chain"] == anchor.chain


def test_a_syslog_over_tcp_gets_the_length_first(settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        settings.AUDIT_ANCHOR_SYSLOG = ("tcp", "127.0.0.1", listener.getsockname()[1])
        anchor = head()
        assert anchors.send() == []
        client, _ = listener.accept()
        with client, client.makefile("rb") as stream:
            length, _, message = stream.read().partition(b" ")
        assert int(length) == len(message)
        assert read(message)["n"] == anchor.n


def test_a_syslog_of_this_machine(settings, tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        listener.bind(str(tmp_path / "log"))
        listener.settimeout(60)
        settings.AUDIT_ANCHOR_SYSLOG = ("unix", str(tmp_path / "log"), 0)
        anchor = head()
        assert anchors.send() == []
        assert read(listener.recv(4096))["lastSeq"] == anchor.last_seq


def test_a_mail_once_an_hour(settings) -> None:
    settings.AUDIT_ANCHOR_MAIL = "safe@example.org"
    anchor = head()
    assert anchors.send() == []
    assert mail.outbox[0].to == ["safe@example.org"]
    assert anchor.line() in mail.outbox[0].body
    newer = head()
    anchors.send()
    assert len(mail.outbox) == 1
    note = Pulse.objects.get(kind="anchor", name="mail")
    note.details["sentAt"] = (datetime.now(UTC) - timedelta(minutes=61)).isoformat()
    note.save()
    anchors.send()
    assert newer.line() in mail.outbox[1].body


def test_a_place_that_fails_is_shown_keeps_nobody_from_the_others_and_is_tried_again(
    settings, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    settings.AUDIT_ANCHOR_FILE = str(tmp_path / "none" / "anchors")
    settings.AUDIT_ANCHOR_SYSLOG = ("tcp", "127.0.0.1", closed)
    settings.AUDIT_ANCHOR_MAIL = "safe@example.org"
    anchor = head()
    assert anchors.send() == ["file", "syslog"]
    assert len(mail.outbox) == 1
    assert [(place.name, place.problem) for place in anchors.standings()] == [
        ("file", "No such file or directory"),
        ("syslog", "Connection refused"),
        ("mail", ""),
    ]
    (tmp_path / "none").mkdir()
    assert anchors.send() == ["syslog"]
    assert anchors.kept() == [anchor]
    assert anchors.standings()[0].problem == ""
