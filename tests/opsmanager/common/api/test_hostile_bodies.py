"""Whatever is sent to any endpoint: a refusal with a sentence, never a fault, never kept."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from automation.models import Execution, Schedule, Template
from automation.services import batches
from opsmanager.accounts.models import User
from servers.models import Server
from servers.services import probes
from tests.automation import makers
from tests.automation.conftest import library, rows  # noqa: F401
from tests.automation.services import workflow_story
from tests.incidents import alerts
from tests.incidents.makers import incident, rule
from tests.opsmanager.notifications import makers as notifications
from tests.support import servers
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db

WRITES = ("post", "put", "patch", "delete")
DEEP = '{"a":' * 5000 + "1" + "}" * 5000
BODIES = {
    "a bomb of lists": "[" * 100_000,
    "a bomb of objects": '{"a":' * 100_000,
    "deep": DEEP,
    "deep in a field": f'{{"parameters": {"[" * 40}{"]" * 40}}}',
    "a number of a thousand digits": '{"port": ' + "9" * 1000 + "}",
    "a number of a million digits": "9" * 1_000_000,
    "a number that is infinite": '{"port": 1e999}',
    "NaN": '{"port": NaN}',
    "a NUL": '{"name": "a\\u0000b"}',
    "a NUL in a name": '{"a\\u0000b": 1}',
    "half a surrogate pair": '{"name": "\\ud800"}',
    "the same name twice": '{"name": "a", "name": "b"}',
    "no UTF-8": b'{"name": "\xff\xfe"}',
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "no JSON": "{",
    "a space": " ",
}
SENTENCES = {
    "a bomb of lists": "nested more than 32 deep",
    "a bomb of objects": "nested more than 32 deep",
    "deep": "nested more than 32 deep",
    "deep in a field": "nested more than 32 deep",
    "a number of a thousand digits": "beyond 64 bits",
    "a number of a million digits": "beyond 64 bits",
    "a number that is infinite": "too large",
    "NaN": "no number of JSON",
    "a NUL": "a NUL character",
    "a NUL in a name": "a NUL character",
    "half a surrogate pair": "half a surrogate pair",
    "the same name twice": "the same name twice",
    "no UTF-8": "not UTF-8",
    "UTF-16": "not UTF-8",
    "no JSON": "can't be read as JSON",
    "a space": "can't be read as JSON",
}
VALUES: list[Any] = [
    "",
    "x" * 300_000,
    " ",
    "\u202e\x1b[2J\r\n",
    "'; DROP TABLE servers_server; --",
    "{{ 7 * 7 }}{% debug %}${jndi:ldap://x}",
    0,
    -1,
    2**63 - 1,
    -(2**63),
    1.5e300,
    True,
    None,
    [],
    ["x"] * 1000,
    [[[]]],
    {},
    {"$ne": 1, "__class__": "x", "constructor": {"prototype": {}}},
    "00000000-0000-0000-0000-000000000000",
]


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks at a server here, so nobody waits for it."""
    monkeypatch.setitem(probes.wait.__kwdefaults__, "seconds", 0.01)


@pytest.fixture
def admin(rows: None) -> User:  # noqa: F811
    return user_with("ADMIN", name="ann", is_staff=True)


@pytest.fixture
def client(admin: User) -> Client:
    return signed_in(admin, raise_request_exception=False)


@pytest.fixture
def endpoints(admin: User) -> list[tuple[str, str, list[str]]]:
    """Each writing endpoint of the API: method, path to something that is there, field names."""
    server = servers.server()
    batch = batches.launch(
        batches.BatchLaunch(
            actor=admin,
            runbook=makers.entry("SAMPLE_LOOKING"),
            servers=[server],
            parameters={},
        )
    )
    there = {
        "/servers/credentials/": servers.password_credential().pk,
        "/servers/groups/": servers.group().pk,
        "/servers/": server.pk,
        "/automation/approvals/": makers.approval(
            makers.execution(server=server, waiting_since=None)
        ).pk,
        "/automation/executions/": makers.execution(server=server).pk,
        "/automation/batches/": batch.pk,
        "/automation/runbooks/": "SAMPLE_MENDING",
        **_what_starts_by_itself(server, admin),
    }
    return list(_endpoints(there))


def _what_starts_by_itself(server: Server, owner: User) -> dict[str, Any]:
    runbook = makers.entry("SAMPLE_LOOKING")
    kept = {"runbook": runbook, "server": server}
    schedule = Schedule.objects.create(
        name="kept", cron_expression="0 3 * * *", owner=owner, **kept
    )
    channel = notifications.channel()
    workflow = workflow_story.workflow({"look": workflow_story.look(server)})
    return {
        "/automation/remediation-rules/": rule(owner=owner).pk,
        "/automation/templates/": Template.objects.create(name="kept", **kept).pk,
        "/automation/schedules/": schedule.pk,
        "/automation/workflows/": workflow.pk,
        "/automation/workflow-runs/": workflow_story.standing(
            workflow, status="FAILED", phase="FAILED"
        ).pk,
        "/incidents/sources/": alerts.source("generic").pk,
        "/incidents/": incident(server=server).pk,
        "/notifications/channels/": channel.pk,
        "/notifications/deliveries/": notifications.delivery(channel, state="FAILED").pk,
    }


def _endpoints(there: dict[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    for method, path, fields in _writes():
        place = next((key for name, key in there.items() if f"/v1{name}" in path), "x")
        yield method, _filled(path, place), fields


@cache
def _writes() -> list[tuple[str, str, list[str]]]:
    """Return what the document says of them; it is the same for each test, and takes long."""
    schema = SchemaGenerator().get_schema(public=True)
    components = schema["components"]["schemas"]
    found = []
    for path, methods in schema["paths"].items():
        for method in set(methods) & set(WRITES):
            content = methods[method].get("requestBody", {}).get("content", {})
            shape = content.get("application/json", {}).get("schema", {})
            name = shape.get("$ref", "").rpartition("/")[2]
            fields = list(components.get(name, shape).get("properties", {}))
            found.append((method, path, fields))
    return found


def _filled(path: str, place: object) -> str:
    before, brace, rest = path.partition("{")
    return f"{before}{place}{rest.partition('}')[2]}" if brace else path


def refused(client: Client, method: str, path: str, body: str | bytes, kind: str) -> Any:
    answer = getattr(client, method)(path, body, kind)
    where = f"{method} {path} {answer.status_code} {answer.content[:300]!r}"
    # 503 says that no worker looks at a server for this test.
    assert answer.status_code < 500 or answer.status_code == 503, where
    return answer


def test_the_walk_finds_the_endpoints_and_what_they_take(
    endpoints: list[tuple[str, str, list[str]]],
) -> None:
    assert len(endpoints) >= 20
    assert not [path for _, path, _ in endpoints if "{" in path]
    fields = {name for *_, names in endpoints for name in names}
    assert {"hostname", "parameters", "privateKey", "reason", "username", "fingerprint"} <= fields


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_nobody_can_keep_is_refused_by_every_endpoint_that_reads_one(
    client: Client, endpoints: list[tuple[str, str, list[str]]], body: str
) -> None:
    before = Execution.objects.count()
    read = 0
    for method, path, fields in endpoints:
        if not fields:
            continue
        answer = refused(client, method, path, BODIES[body], "application/json")
        assert answer.json()["code"] == "PARSE_ERROR", (path, answer.content[:200])
        assert SENTENCES[body] in answer.json()["message"]
        read += 1
    assert read >= 15
    assert Execution.objects.count() == before


@pytest.mark.parametrize("value", range(len(VALUES)))
def test_no_value_in_any_field_makes_an_endpoint_fail(
    client: Client, endpoints: list[tuple[str, str, list[str]]], value: int
) -> None:
    hostile = VALUES[value]
    for method, path, fields in endpoints:
        if method == "delete":
            continue
        every = json.dumps(dict.fromkeys(fields, hostile))
        refused(client, method, path, every, "application/json")
        # Each field alone with a fourth of the values; all of them together with each.
        for name in fields[value % 4 :: 4]:
            refused(client, method, path, json.dumps({name: hostile}), "application/json")
        refused(client, method, path, json.dumps(hostile), "application/json")


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/xml", "application/x-yaml", "multipart/form-data; boundary=x", "x"],
)
def test_another_kind_of_content_is_refused(
    client: Client, endpoints: list[tuple[str, str, list[str]]], kind: str
) -> None:
    for method, path, fields in endpoints:
        if fields:
            answer = refused(client, method, path, '{"name": "x"}', kind)
            assert answer.status_code in (400, 415), (path, answer.status_code)
            assert answer.json()["code"] in ("UNSUPPORTED_MEDIA_TYPE", "PARSE_ERROR"), path
