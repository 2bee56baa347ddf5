from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from automation.models import Batch, Execution, Template
from servers.models import Server, ServerGroup
from tests.automation import makers
from tests.automation.api.conftest import API, PERSONAS

As = Callable[[str], Client]
URL = f"{API}/templates"


def asked(**more: Any) -> dict[str, Any]:
    own = {"name": "Mend x", "runbookId": "SAMPLE_MENDING", "parameters": {"path": "/tmp/x"}}
    return {**own, **more}


def post(client: Client, body: object, path: str = "", **headers: str) -> Any:
    return client.post(f"{URL}{path}", body, "application/json", headers=headers)


def patch(client: Client, pk: str, **body: object) -> Any:
    return client.patch(f"{URL}/{pk}", body, "application/json")


@pytest.fixture
def template(as_: As, server: Server) -> dict[str, Any]:
    answer = post(as_("admin"), asked(serverId=str(server.pk)))
    assert answer.status_code == 201, answer.content
    return answer.json()["template"]


@pytest.mark.parametrize(
    ("name", "made", "seen", "ran"),
    list(
        zip(
            PERSONAS,
            [201, 403, 403, 403, 403, 401],
            [200, 200, 200, 404, 404, 401],
            [201, 201, 403, 404, 404, 401],
            strict=True,
        )
    ),
)
def test_who_may_what(
    as_: As, template: dict[str, Any], name: str, made: int, seen: int, ran: int
) -> None:
    client, path = as_(name), f"/{template['id']}"
    assert post(client, asked(name="Another")).status_code == made
    assert client.get(f"{URL}{path}").status_code == seen
    assert post(client, {}, f"{path}/run").status_code == ran
    gone = 403 if seen == 200 else seen
    assert patch(client, template["id"], name="New").status_code == (200 if made == 201 else gone)
    assert client.delete(f"{URL}{path}").status_code == (204 if made == 201 else gone)


def test_a_template_as_it_is_shown(as_: As, template: dict[str, Any], server: Server) -> None:
    assert template["parameters"] == {"path": "/tmp/x"}
    assert (template["runbookId"], template["runbookTitle"]) == ("SAMPLE_MENDING", "Mend a file")
    assert (template["serverId"], template["serverName"]) == (str(server.pk), server.name)
    assert (template["serverGroupId"], template["serverGroupName"]) == (None, None)
    assert template["savedSecrets"] == []
    listed = as_("granted").get(URL, {"search": "mend", "runbookId": "SAMPLE_MENDING"}).json()
    assert (listed["templates"], listed["total"]) == ([template], 1)
    assert as_("granted").get(URL, {"search": "nothing"}).json()["total"] == 0
    assert as_("granted").get(URL, {"serverId": str(uuid4())}).json()["total"] == 0


def test_secrets_are_never_shown(as_: As) -> None:
    given = {"password": "hunter2-and-more", "path": "/x"}
    answer = post(as_("admin"), asked(runbookId="SAMPLE_SECRETIVE", parameters=given))
    assert answer.json()["template"]["savedSecrets"] == ["password"]
    pk = answer.json()["template"]["id"]
    for page in (answer, as_("admin").get(URL), patch(as_("admin"), pk, parameters={"path": "/y"})):
        assert b"hunter2" not in page.content
    assert as_("admin").get(f"{URL}/{pk}").json()["template"]["savedSecrets"] == ["password"]


@pytest.mark.parametrize(
    ("more", "status", "name"),
    [
        ({"parameters": {}}, 400, "path"),
        ({"parameters": {"path": "/x", "pth": 1}}, 400, "pth"),
        ({"serverId": str(uuid4()), "serverGroupId": str(uuid4())}, 400, "serverGroupId"),
        ({"serverId": str(uuid4())}, 404, None),
        ({"runbookId": "NO_SUCH"}, 404, None),
        ({"name": ""}, 400, "name"),
        ({"title": "x"}, 400, "title"),
        ({"name": "Mend x"}, 409, "name"),
    ],
)
def test_what_is_refused(
    as_: As, template: dict[str, Any], more: dict[str, Any], status: int, name: str | None
) -> None:
    answer = post(as_("admin"), asked(**{"name": "Other", **more}))
    assert answer.status_code == status, answer.content
    assert name is None or answer.json()["details"][name]


def test_a_change_of_what_is_given_alone(as_: As, template: dict[str, Any]) -> None:
    group = ServerGroup.objects.create(name="web")
    changed = patch(as_("admin"), template["id"], serverGroupId=str(group.pk)).json()["template"]
    assert (changed["serverId"], changed["serverGroupName"]) == (None, "web")
    assert (changed["name"], changed["parameters"]) == ("Mend x", {"path": "/tmp/x"})


def test_running_one(as_: As, template: dict[str, Any], server: Server) -> None:
    body = {"isDryRun": True, "reason": "Patch day.", "parameters": {"path": "/tmp/y"}}
    key = {"Idempotency-Key": "one"}
    first, again = (post(as_("granted"), body, f"/{template['id']}/run", **key) for _ in "12")
    run = first.json()["execution"]
    assert again.json()["execution"]["id"] == run["id"]
    assert (run["serverName"], run["isDryRun"], run["reason"]) == (server.name, True, "Patch day.")
    assert run["parameters"] == {"path": "/tmp/y"}
    assert str(Execution.objects.get().template_id) == template["id"]


def test_running_one_on_a_group(as_: As, template: dict[str, Any], server: Server) -> None:
    group = ServerGroup.objects.create(name="web")
    group.servers.set([server, makers.server()])
    body = {"serverGroupId": str(group.pk)}
    batch = post(as_("admin"), body, f"/{template['id']}/run").json()["batch"]
    assert batch["total"] == 2
    assert batch["id"] == str(Batch.objects.get().pk)


def test_production_wants_a_confirmation(as_: As, template: dict[str, Any]) -> None:
    Server.objects.update(environment="PRODUCTION")
    refused = post(as_("admin"), {}, f"/{template['id']}/run")
    assert (refused.status_code, refused.json()["code"]) == (400, "CONFIRMATION_REQUIRED")
    assert post(as_("admin"), {"confirm": True}, f"/{template['id']}/run").status_code == 201


def test_deleting_one(as_: As, template: dict[str, Any]) -> None:
    assert as_("admin").delete(f"{URL}/{template['id']}").status_code == 204
    assert not Template.objects.exists()
