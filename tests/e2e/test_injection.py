"""What others stored is text: it runs nothing, asks nothing, and what slips through is stopped."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.browser import Reader
from tests.e2e.injections import HIT, PAYLOADS
from tests.stack.stack import Stack

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# Past every validation, as an old version or another door might have let it in.
_STORE = """
from automation.models import Batch, CatalogEntry, ExecutionLog
from incidents.models import Incident, TimelineEntry
from opsmanager.accounts.models import User
from opsmanager.audit.models import AuditEvent
from servers.models import Credential, HostKey, Probe, Server, ServerGroup
from tests.automation import makers
texts = given["texts"]
entry = CatalogEntry.objects.get(runbook_id="HEALTH_CHECK")
batch = Batch.objects.create(
    runbook=entry, reason=texts[0], stop_reason=texts[12],
    parameters={text: text for text in texts},
    refusals=[
        {"server_id": str(entry.pk), "server_name": text, "message": text, "code": text}
        for text in texts
    ],
)
made = {"servers": [], "incidents": [], "executions": [], "batch": str(batch.pk)}
for number, text in enumerate(texts):
    group = ServerGroup.objects.create(name=text[:100], description=text)
    credential = Credential.objects.create(
        name=text[:100], username=text[:100], auth_type="PASSWORD"
    )
    server = Server.objects.create(
        name=text[:100], hostname=text, description=text, credential=credential,
        tags=[text[:50]], error_code=text[:40], error_message=text, reachable=False,
        is_active=True,
    )
    server.groups.add(group)
    HostKey.objects.create(
        server=server, state="OFFERED", type=text[:60], public_key=text, fingerprint=text[:100]
    )
    Probe.objects.create(
        server=server, kind="CHECK", reachable=False, message=text, error_code=text[:40],
        taken_at="2026-01-01T00:00Z", finished_at="2026-01-01T00:00Z",
    )
    user = User.objects.create(username=text[:150], first_name=text[:150], last_name=text[:150])
    incident = Incident.objects.create(
        title=text, description=text, severity="LOW", source=text[:60], server=server,
        labels={text: text, "unit": text, "service": text}, fingerprint=f"{number}{text}"[:128],
    )
    TimelineEntry.objects.create(incident=incident, kind="NOTE", text=text, actor=text)
    execution = makers.execution(
        entry, server=server, batch=batch, status="FAILED", reason=text, result_summary=text,
        error_message=text, parameters={text: text, "services": [text]},
        step_titles=[text[:200], text[:200]], result_data={text: text, "checks": [text]},
        warnings=[text], decision_reason=text, rollback_reason=text, rollback_message=text,
        assessment_before={"healthy": False, "summary": text, "values": {text: text}},
        assessment_after={"healthy": False, "summary": text, "values": {text: text}},
        triggered_by_user=user, decided_by=user, worker=text[:200], incident_id=incident.pk,
    )
    makers.log_row(
        execution, 1, step_name=text, command=text, stdout=text, stderr=text,
        error_message=text, status="FAILED",
    )
    made["servers"].append(str(server.pk))
    made["incidents"].append(str(incident.pk))
    made["executions"].append(str(execution.pk))
print(json.dumps(made))
"""
_REMOVE = """
from automation.models import Batch, Execution
from incidents.models import Incident
from opsmanager.accounts.models import User
from servers.models import Credential, Server, ServerGroup
executions = Execution.objects.filter(pk__in=given["executions"])
users = list(executions.values_list("triggered_by_user", flat=True))
for execution in executions:
    execution.logs.all().delete()
executions.delete()
Batch.objects.filter(pk=given["batch"]).delete()
Incident.objects.filter(pk__in=given["incidents"]).delete()
servers = Server.objects.filter(pk__in=given["servers"])
credentials = list(servers.values_list("credential", flat=True))
groups = list(servers.values_list("groups", flat=True))
servers.delete()
Credential.objects.filter(pk__in=credentials).delete()
ServerGroup.objects.filter(pk__in=groups).delete()
User.objects.filter(pk__in=users).delete()
"""


@pytest.fixture(scope="module")
def stored(stack: Stack) -> Iterator[dict[str, Any]]:
    made = json.loads(stack.python(_STORE, texts=PAYLOADS))
    yield made
    stack.python(_REMOVE, **made)


def visit(reader: Reader, path: str) -> str:
    """Open the page, fail on whatever a payload could have done, and return what it shows."""
    page = reader.page
    reader.visit(path)
    assert page.title() != HIT, path
    return page.locator("body").inner_text()


@pytest.fixture
def watched(reader: Reader) -> Reader:
    """A reader who also complains of dialogs and of requests that a payload made."""
    page = reader.page

    def see(dialog: Any) -> None:
        reader.complaints.append(f"dialog at {page.url}")
        dialog.dismiss()

    def ask(request: Any) -> None:
        # Its own address may hold a text, as one that was searched for.
        if f"/{HIT}" in request.url and not request.is_navigation_request():
            reader.complaints.append(f"{page.url} asks {request.url}")

    page.on("dialog", see)
    page.on("request", ask)
    return reader


def test_there_are_as_many_payloads_as_were_promised() -> None:
    assert len(set(PAYLOADS)) >= 50


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/servers/",
        "/servers/?search=%3Cscript",
        "/executions/",
        "/executions/?page=2",
        "/incidents/",
        "/incidents/?page=2",
        "/batches/",
        "/runbooks/HEALTH_CHECK/",
        "/runbooks/HEALTH_CHECK/batch/",
        "/servers/add/",
        "/admin/servers/server/",
        "/admin/servers/server/add/",
        "/admin/servers/credential/",
        "/admin/servers/servergroup/",
        "/admin/servers/hostkey/",
        "/admin/accounts/user/",
        "/admin/incidents/incident/",
    ],
)
def test_a_list_of_hostile_texts_runs_and_asks_nothing(
    stored: dict[str, Any], watched: Reader, path: str
) -> None:
    visit(watched, path)
    watched.page.wait_for_load_state("networkidle")
    assert watched.page.locator(f"[src*='{HIT}'], [hx-get*='{HIT}'], [data-hx-post]").count() == 0


def test_the_pages_of_hostile_things_show_them_as_text(
    stored: dict[str, Any], watched: Reader
) -> None:
    for number, text in enumerate(PAYLOADS):
        first_line = text.splitlines()[0]
        server, incident = stored["servers"][number], stored["incidents"][number]
        execution = stored["executions"][number]
        for path in (f"/servers/{server}/", f"/incidents/{incident}/", f"/executions/{execution}/"):
            assert first_line in visit(watched, path), path
        visit(watched, f"/servers/{server}/edit/")
    assert watched.complaints == []


def test_the_admin_and_the_batch_show_them_as_text(stored: dict[str, Any], watched: Reader) -> None:
    assert PAYLOADS[0] in visit(watched, f"/batches/{stored['batch']}/")
    for number in range(0, len(PAYLOADS), 5):
        visit(watched, f"/admin/servers/server/{stored['servers'][number]}/change/")
        visit(watched, f"/admin/servers/server/{stored['servers'][number]}/delete/")
    assert watched.complaints == []


@pytest.mark.parametrize("path", ["/", "/login/", "/admin/", "/api/v1/docs/", "/api/v1/redoc/"])
def test_a_script_that_slipped_into_a_page_does_not_run(reader: Reader, path: str) -> None:
    page = reader.page
    if path == "/login/":
        page.context.clear_cookies()
    reader.visit(path)
    ran = page.evaluate(
        """() => {
            window.ran = [];
            const script = document.createElement("script");
            script.textContent = "window.ran.push('inline')";
            document.body.append(script);
            const holder = document.createElement("div");
            holder.innerHTML = "<img src=data:, onerror=\\"window.ran.push('handler')\\">";
            document.body.append(holder);
            const other = document.createElement("script");
            other.src = "data:text/javascript,window.ran.push('data')";
            document.body.append(other);
            const link = document.createElement("a");
            link.href = "javascript:window.ran.push('link')";
            document.body.append(link);
            link.click();
            return new Promise(done => setTimeout(() => done(window.ran), 500));
        }"""
    )
    assert ran == []
    assert any("Content Security Policy" in one for one in reader.complaints)
    reader.complaints = [one for one in reader.complaints if "Content Security Policy" not in one]


def test_htmx_evaluates_nothing_and_asks_nobody_else(reader: Reader) -> None:
    reader.visit("/")
    config = json.loads(
        reader.page.locator("meta[name=htmx-config]").get_attribute("content") or ""
    )
    assert config["allowEval"] is False
    assert config["allowScriptTags"] is False
    assert config["selfRequestsOnly"] is True
    assert config["historyCacheSize"] == 0
    assert config["includeIndicatorStyles"] is False
