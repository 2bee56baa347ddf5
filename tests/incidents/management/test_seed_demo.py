import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from automation.engine.results import Status
from automation.models import Schedule, Template
from incidents.models import Incident, IncidentStatus, RemediationRule, RuleMode
from servers.models import Credential, HostKey, HostKeyState, Server
from servers.ssh.testing import KeyPair, generate_key
from servers.targets import target_of
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.fixture
def login() -> KeyPair:
    return generate_key()


@pytest.fixture
def described(tmp_path: Path, login: KeyPair) -> list[dict[str, Any]]:
    """What the demo servers write of themselves."""
    key_file = tmp_path / "login_key"
    key_file.write_text(login.private_key)
    common = {
        "hostname": "127.0.0.1",
        "platform": "LINUX",
        "environment": "demo",
        "description": "A demo server",
        "username": "demo",
        "privateKeyFile": str(key_file),
    }
    servers = []
    for number in (1, 2):
        pair = generate_key()
        servers.append(
            {
                **common,
                "name": f"demo-{number}",
                "port": 2200 + number,
                "hostKey": {"type": pair.type, "publicKey": pair.public_key},
            }
        )
    servers[0]["incident"] = {
        "title": "shop is down",
        "severity": "CRITICAL",
        "labels": {"unit": "shop.service"},
        "description": "Nobody can buy anything.",
    }
    return servers


def seeded(tmp_path: Path, described: object) -> str:
    path = tmp_path / "servers.json"
    path.write_text(json.dumps(described))
    out = io.StringIO()
    call_command("seed_demo", str(path), stdout=out)
    return out.getvalue()


def test_the_demo_servers_are_known_with_key_and_login(
    tmp_path: Path, described: list[dict[str, Any]], login: KeyPair
) -> None:
    assert seeded(tmp_path, described) == "2 demo servers are known.\n"
    server = Server.objects.get(name="demo-1")
    assert (server.port, server.environment) == (2201, "DEMO")
    assert [group.name for group in server.groups.all()] == ["demo"]
    target = target_of(server)
    assert (target.username, target.private_key) == ("demo", login.private_key)
    assert target.host_keys[0].blob_base64 == described[0]["hostKey"]["publicKey"]
    assert Credential.objects.count() == 1


def test_the_server_that_has_one_gets_its_incident(
    tmp_path: Path, described: list[dict[str, Any]]
) -> None:
    seeded(tmp_path, described)
    incident = Incident.objects.get()
    assert incident.server == Server.objects.get(name="demo-1")
    assert incident.fingerprint == "demo:demo-1:shop.service"
    assert (incident.severity, incident.source) == ("CRITICAL", "demo")


def test_what_starts_by_itself_is_shown_once(
    tmp_path: Path, described: list[dict[str, Any]]
) -> None:
    makers.somebody()
    seeded(tmp_path, described)
    rule = RemediationRule.objects.get()
    assert (rule.mode, rule.runbook.runbook_id) == (RuleMode.SUGGEST, "SERVICE_RESTART")
    assert Schedule.objects.get().server_group.name == "demo"
    Template.objects.get(name="Restart the shop").delete()
    seeded(tmp_path, described)
    assert not Template.objects.exists()


def test_seeding_again_changes_nothing(tmp_path: Path, described: list[dict[str, Any]]) -> None:
    for _ in range(2):
        seeded(tmp_path, described)
    assert Server.objects.count() == 2
    assert Incident.objects.count() == 1
    assert HostKey.objects.count() == 2


def test_a_server_that_moved_keeps_its_row_and_a_new_key_is_accepted(
    tmp_path: Path, described: list[dict[str, Any]]
) -> None:
    seeded(tmp_path, described)
    pair = generate_key()
    described[0] |= {"port": 2299, "hostKey": {"type": pair.type, "publicKey": pair.public_key}}
    seeded(tmp_path, described)
    server = Server.objects.get(name="demo-1")
    assert server.port == 2299
    accepted = server.host_keys.get(state=HostKeyState.ACCEPTED)
    assert accepted.public_key == pair.public_key


def test_a_demo_that_starts_anew_is_broken_anew(
    tmp_path: Path, described: list[dict[str, Any]]
) -> None:
    seeded(tmp_path, described)
    fixed = Incident.objects.get()
    makers.execution(status=Status.SUCCESS, verdict="FIXED", incident_id=fixed.pk)

    for _ in range(2):
        seeded(tmp_path, described)

    fixed.refresh_from_db()
    assert fixed.status == IncidentStatus.RESOLVED
    assert [entry.text for entry in fixed.timeline.all()] == [
        "Opened by demo.",
        "The demo servers were started anew.",
    ]
    assert makers.last_event("INCIDENT_RESOLVED").actor_type == "SOURCE"
    assert Incident.objects.exclude(status=IncidentStatus.RESOLVED).count() == 1
    assert Incident.objects.count() == 2


@pytest.mark.parametrize("content", [None, "{"])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "servers.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(CommandError, match=f"{path} can't be read"):
        call_command("seed_demo", str(path))
