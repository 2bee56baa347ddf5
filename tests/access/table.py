"""The table of access: each page, fragment and endpoint of ours, and who gets which answer.

A route without an entry fails the test. The Django admin has a table of its own.
"""

from automation.models import CatalogEntry
from tests.access.entry import Body, Call, Entry
from tests.access.world import RUNBOOK, World

API = "/api/v1/"


def page(url: str, row: str = "", **calls: Call) -> Entry:
    """Return a page; ``{}`` in the address is the key of a row of the world."""
    return Entry(url=_address(url, row), calls=calls, anonymous=302)


def api(url: str, row: str = "", **calls: Call) -> Entry:
    """Return an endpoint of the API."""
    return Entry(url=_address(API + url, row), calls=calls, anonymous=401)


def public(url: str, *, other_methods: int = 405, **calls: Call) -> Entry:
    """Return what answers without a login."""
    return Entry(url=_address(url, ""), calls=calls, other_methods=other_methods)


def to(answers: dict[int, str], body: Body | None = None, anonymous: int | None = None) -> Call:
    """Return who gets which answer to a method, and what is sent with it."""
    return Call(answers=answers, body=body, anonymous=anonymous)


def _address(url: str, row: str):
    return lambda world: url.format(getattr(world, row).pk) if row else url


def _servers(world: World) -> dict[str, str]:
    return {"server": str(world.server.pk)}


def _server_form(_world: World) -> dict[str, str]:
    ticked = {"is_active": "on", "keeps_records": "on"}
    place = {"name": "web9", "hostname": "web9.example", "port": "22"}
    return {**place, **ticked, "platform": "LINUX", "environment": "STAGING"}


def _server_json(_world: World) -> dict[str, object]:
    return {"name": "web9", "hostname": "web9.example", "environment": "STAGING"}


def _on_server(world: World) -> dict[str, object]:
    return {"serverId": str(world.server.pk), "parameters": {"path": "/tmp/x"}}


def _launch(world: World) -> dict[str, object]:
    return {"runbookId": RUNBOOK, **_on_server(world)}


def _launch_batch(world: World) -> dict[str, object]:
    servers = [str(world.server.pk)]
    return {"runbookId": RUNBOOK, "serverIds": servers, "parameters": {"path": "/tmp/x"}}


def _template(world: World) -> dict[str, object]:
    return {"name": "new", **_launch(world)}


def _schedule(world: World) -> dict[str, object]:
    return {**_template(world), "cronExpression": "15 3 * * *"}


def _workflow(_world: World) -> dict[str, object]:
    return {"yaml": "name: new\nnodes: {told: {kind: note, text: Hello}}"}


def _workflow_form(_world: World) -> dict[str, str]:
    return {"act": "save", "text": "name: new\nnodes: {told: {kind: note, text: Hello}}"}


def _template_form(_world: World) -> dict[str, str]:
    return {"own-name": "new", "path": "/tmp/x"}


def _schedule_form(world: World) -> dict[str, str]:
    when = {"own-cron_expression": "15 3 * * *", "own-timezone": "UTC", "own-priority": "2"}
    how = {"own-missed": "SKIP", "own-overlap": "SKIP", "own-server": str(world.server.pk)}
    return {**_template_form(world), **when, **how}


def _credential(_world: World) -> dict[str, object]:
    return {"name": "new", "username": "root", "authType": "PASSWORD", "password": "a pass word"}


def _source_json(_world: World) -> dict[str, object]:
    return {"name": "Prometheus", "slug": "prometheus", "kind": "alertmanager"}


def _source_form(_world: World) -> dict[str, str]:
    return {"name": "Prometheus", "slug": "prometheus", "proof": "token", "grace_minutes": "5"}


def _try(_world: World) -> dict[str, object]:
    return {"kind": "generic", "payload": {"title": "Disk full"}}


def _channel(_world: World) -> dict[str, object]:
    return {"name": "new", "url": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"}


def _name(_world: World) -> dict[str, object]:
    return {"name": "new"}


def _reason(_world: World) -> dict[str, object]:
    return {"reason": "It must be."}


def _incident(_world: World) -> dict[str, object]:
    return {"title": "The shop is slow", "severity": "HIGH"}


def _note(_world: World) -> dict[str, object]:
    return {"text": "I looked."}


def _failed_execution(world: World) -> dict[str, object]:
    return {"executionId": str(world.failed.pk)}


def _decision(_world: World) -> dict[str, object]:
    return {"outcome": "SUCCESS", "reason": "I looked."}


def _fingerprint(world: World) -> dict[str, object]:
    return {"fingerprint": world.host_key.fingerprint}


def _login(_world: World) -> dict[str, object]:
    return {"username": "nobody", "password": "wrong"}


def _rule_form(_world: World) -> dict[str, object]:
    limits = {"per_hour": "6", "at_once": "1", "breaker_after": "3", "retry_minutes": "10"}
    runbook = str(CatalogEntry.objects.get(runbook_id=RUNBOOK).pk)
    return {"name": "new", "rank": "1", "runbook": runbook, "parameters": "path = /x", **limits}


def _rule_json(_world: World) -> dict[str, object]:
    return {"name": "new", "runbookId": RUNBOOK, "parameters": {"path": "{{ labels.path }}"}}


def _mode(_world: World) -> dict[str, object]:
    return {"mode": "SHADOW"}


def _rearm_form(world: World) -> dict[str, object]:
    return {"server": str(world.server.pk), "reason": "It is mended."}


def _rearm_json(world: World) -> dict[str, object]:
    return {"serverId": str(world.server.pk), "reason": "It is mended."}


CHANGES_RULE = {302: "ADMINS", 403: "MANAGER NOC", 404: "*"}
SEES_EXECUTIONS = {200: "READERS", 404: "*"}
SEES_SERVER = {200: "READERS HR_THERE FINANCE_THERE", 404: "*"}
"""To whom a server is granted may see it, also without a role that does anything there."""

ADMINS_ALONE = {200: "ADMINS", 404: "*"}

TABLE: dict[str, Entry] = {
    # Home and login.
    "": page("/", GET=to({200: "*"})),
    "now/": page("/now/", GET=to({200: "*"})),
    "handover/": page("/handover/", GET=to({200: "READERS", 403: "*"})),
    "handover.md": page("/handover.md", GET=to({200: "READERS", 403: "*"})),
    "login/": public(
        "/login/",
        GET=to({200: "anonymous", 302: "*"}),
        POST=to({200: "anonymous", 302: "*"}, _login),
        PUT=to({200: "anonymous", 302: "*"}),
        PATCH=to({405: "anonymous", 302: "*"}),
        DELETE=to({405: "anonymous", 302: "*"}),
    ),
    # There is no single sign-on without its settings.
    "login/sso/": public("/login/sso/", POST=to({404: "*"})),
    "login/sso/answer/": public("/login/sso/answer/", GET=to({404: "*"})),
    "logout/": page("/logout/", POST=to({302: "*"})),
    # One's own account.
    "account/": page("/account/", GET=to({200: "*"})),
    "account/password/": page("/account/password/", POST=to({422: "*"}, lambda _w: {})),
    "account/tokens/new/": page(
        "/account/tokens/new/", GET=to({200: "*"}), POST=to({422: "*"}, lambda _w: {})
    ),
    "account/tokens/<uuid:pk>/revoke/": page(
        "/account/tokens/{}/revoke/", "api_token", POST=to({302: "SUPER_ADMIN", 404: "*"})
    ),
    "account/sessions/end/": page("/account/sessions/end/", POST=to({302: "*"})),
    "account/sessions/<slug:name>/end/": page(
        "/account/sessions/nobodys/end/", POST=to({404: "*"})
    ),
    # Runbooks.
    "analytics/": page("/analytics/", GET=to({200: "READERS", 403: "*"})),
    "guard/": page(
        "/guard/",
        GET=to({200: "READERS", 403: "*"}),
        POST=to({200: "READERS", 403: "*"}, lambda _: {"command": "ls"}),
    ),
    "runbooks/": page("/runbooks/", GET=to({200: "READERS", 403: "*"})),
    "runbooks/<str:runbook_id>/": page(f"/runbooks/{RUNBOOK}/", GET=to({200: "READERS", 404: "*"})),
    "runbooks/<str:runbook_id>/run/": page(
        f"/runbooks/{RUNBOOK}/run/",
        POST=to(
            # Who may run, yet not there, is told so beside the field of the server.
            {302: "RUNNERS_THERE", 422: "MANAGER- NOC-", 403: "HELPDESK", 404: "*"},
            lambda w: {"server": str(w.server.pk), "path": "/tmp/x", "mode": "run"},
            anonymous=401,
        ),
    ),
    "runbooks/<str:runbook_id>/check/": page(
        f"/runbooks/{RUNBOOK}/check/",
        POST=to({200: "RUNNERS", 403: "HELPDESK", 404: "*"}, lambda _w: {"field": "path"}),
    ),
    "runbooks/<str:runbook_id>/server/": page(
        f"/runbooks/{RUNBOOK}/server/?server={{}}",
        "server",
        GET=to({200: "RUNNERS_THERE", 403: "HELPDESK", 404: "*"}),
        POST=to(
            {200: "RUNNERS_THERE", 403: "HELPDESK", 404: "*"},
            lambda w: {"server": str(w.server.pk)},
        ),
    ),
    "runbooks/<str:runbook_id>/batch/": page(
        f"/runbooks/{RUNBOOK}/batch/",
        GET=to({200: "READERS", 404: "*"}),
        POST=to(
            {302: "RUNNERS_THERE", 422: "MANAGER- NOC-", 403: "HELPDESK", 404: "*"},
            lambda w: {"servers": [str(w.server.pk)], "path": "/tmp/x", "mode": "run"},
            anonymous=401,
        ),
    ),
    # Executions; those asked about were started by somebody else.
    "logs/": page("/logs/?search=shop", GET=to({200: "READERS", 403: "*"})),
    "executions/": page("/executions/", GET=to({200: "READERS", 403: "*"})),
    "executions/<uuid:pk>/": page("/executions/{}/", "failed", GET=to(SEES_EXECUTIONS)),
    "executions/<uuid:pk>/compare/": page(
        "/executions/{}/compare/", "failed", GET=to(SEES_EXECUTIONS)
    ),
    "executions/<uuid:pk>/compare/step/": Entry(
        url=lambda w: f"/executions/{w.failed.pk}/compare/step/?with={w.succeeded.pk}&step=1",
        calls={"GET": to(SEES_EXECUTIONS)},
        anonymous=302,
    ),
    "servers/<uuid:pk>/compare/": page(
        "/servers/{}/compare/", "server", GET=to({200: "READERS", 403: "*"})
    ),
    "executions/<uuid:pk>/state/": page("/executions/{}/state/", "failed", GET=to(SEES_EXECUTIONS)),
    "executions/<uuid:pk>/log/": page("/executions/{}/log/", "failed", GET=to(SEES_EXECUTIONS)),
    "executions/<uuid:pk>/log/rows/": page(
        "/executions/{}/log/rows/", "failed", GET=to(SEES_EXECUTIONS)
    ),
    "executions/<uuid:pk>/log.txt": page(
        "/executions/{}/log.txt", "failed", GET=to(SEES_EXECUTIONS)
    ),
    "executions/<uuid:pk>/log/<int:seq>/<str:stream>/": page(
        "/executions/{}/log/1/stdout/", "failed", GET=to(SEES_EXECUTIONS)
    ),
    "executions/<uuid:pk>/log/<int:seq>/<str:stream>.txt": page(
        "/executions/{}/log/1/stdout.txt", "failed", GET=to(SEES_EXECUTIONS)
    ),
    "executions/<uuid:pk>/cancel/": page(
        "/executions/{}/cancel/",
        "waiting",
        POST=to({302: "MANAGERS", 403: "NOC HELPDESK", 404: "*"}),
    ),
    "executions/<uuid:pk>/retry/": page(
        "/executions/{}/retry/",
        "failed",
        POST=to({302: "MANAGERS_THERE", 403: "MANAGER- NOC HELPDESK", 404: "*"}),
    ),
    "executions/<uuid:pk>/run-exactly/": page(
        "/executions/{}/run-exactly/",
        "dry_run",
        POST=to({302: "RUNNERS_THERE", 403: "MANAGER- NOC- HELPDESK", 404: "*"}),
    ),
    "executions/<uuid:pk>/rollback/": page(
        "/executions/{}/rollback/",
        "succeeded",
        GET=to({200: "MANAGERS", 403: "NOC HELPDESK", 404: "*"}),
        POST=to({302: "MANAGERS_THERE", 403: "MANAGER- NOC HELPDESK", 404: "*"}, _reason),
    ),
    "executions/<uuid:pk>/decide/": page(
        "/executions/{}/decide/",
        "unknown",
        POST=to({302: "MANAGERS_THERE", 403: "MANAGER- NOC HELPDESK", 404: "*"}, _decision),
    ),
    "executions/<uuid:pk>/delete/": page(
        "/executions/{}/delete/",
        "failed",
        GET=to({200: "MANAGERS_THERE", 403: "MANAGER- NOC HELPDESK", 404: "*"}),
        POST=to({302: "MANAGERS_THERE", 403: "MANAGER- NOC HELPDESK", 404: "*"}),
    ),
    "batches/": page("/batches/", GET=to({200: "READERS", 403: "*"})),
    "batches/<uuid:pk>/": page("/batches/{}/", "batch", GET=to(SEES_EXECUTIONS)),
    "batches/<uuid:pk>/state/": page("/batches/{}/state/", "batch", GET=to(SEES_EXECUTIONS)),
    "batches/<uuid:pk>/cancel/": page(
        "/batches/{}/cancel/",
        "running_batch",
        POST=to({302: "MANAGERS", 403: "NOC HELPDESK", 404: "*"}),
    ),
    # Runs of workflows.
    "workflows/<uuid:pk>/run/": page(
        "/workflows/{}/run/",
        "workflow",
        GET=to({200: "RUNNERS", 404: "*"}),
        POST=to({302: "RUNNERS_THERE", 422: "MANAGER- NOC-", 404: "*"}, lambda _w: {"mode": "run"}),
    ),
    "workflow-runs/": page("/workflow-runs/", GET=to({200: "RUNNERS", 403: "*"})),
    "workflow-runs/<uuid:pk>/": page(
        "/workflow-runs/{}/", "workflow_run", GET=to({200: "RUNNERS", 404: "*"})
    ),
    "workflow-runs/<uuid:pk>/state/": page(
        "/workflow-runs/{}/state/", "workflow_run", GET=to({200: "RUNNERS", 404: "*"})
    ),
    "workflow-runs/<uuid:pk>/cancel/": page(
        "/workflow-runs/{}/cancel/",
        "workflow_run",
        POST=to({302: "MANAGERS", 403: "NOC", 404: "*"}),
    ),
    "workflow-runs/<uuid:pk>/retry/": page(
        "/workflow-runs/{}/retry/",
        "failed_run",
        POST=to({302: "MANAGERS_THERE", 403: "NOC MANAGER-", 404: "*"}),
    ),
    # Templates and schedules.
    "confirm-place/": page(
        f"/confirm-place/?runbook={RUNBOOK}", GET=to({200: "RUNNERS", 403: "*"})
    ),
    # Approvals.
    "approvals/": page("/approvals/", GET=to({200: "RUNNERS", 403: "*"})),
    "approvals/<uuid:pk>/": page("/approvals/{}/", "approval", GET=to({200: "RUNNERS", 404: "*"})),
    "approvals/<uuid:pk>/vote/": page(
        "/approvals/{}/vote/",
        "approval",
        POST=to({302: "MANAGERS", 403: "NOC", 404: "*"}, lambda _w: {"answer": "approve"}),
    ),
    "approvals/<uuid:pk>/bypass/": page(
        "/approvals/{}/bypass/", "approval", POST=to({302: "RUNNERS", 404: "*"}, _reason)
    ),
    "approvals/<uuid:pk>/review/": page(
        "/approvals/{}/review/",
        "bypassed",
        POST=to({302: "MANAGERS", 403: "NOC", 404: "*"}, lambda _w: {"note": "It was right."}),
    ),
    "approvals/<uuid:pk>/dry-run/": page(
        "/approvals/{}/dry-run/",
        "approval",
        POST=to({302: "RUNNERS_THERE", 403: "MANAGER- NOC-", 404: "*"}),
    ),
    "templates/": page("/templates/", GET=to({200: "RUNNERS", 403: "*"})),
    "templates/new/": page(
        f"/templates/new/?runbook={RUNBOOK}",
        GET=to({200: "ADMINS", 403: "*"}),
        POST=to({302: "ADMINS", 403: "*"}, _template_form),
    ),
    "templates/<uuid:pk>/": page("/templates/{}/", "template", GET=to({200: "RUNNERS", 404: "*"})),
    "templates/<uuid:pk>/edit/": page(
        "/templates/{}/edit/",
        "template",
        GET=to({200: "ADMINS", 403: "MANAGER NOC", 404: "*"}),
        POST=to({302: "ADMINS", 403: "MANAGER NOC", 404: "*"}, _template_form),
    ),
    "templates/<uuid:pk>/run/": page(
        "/templates/{}/run/",
        "template",
        # Who may run, yet not there, is told so beside the field of the server.
        POST=to({302: "RUNNERS_THERE", 422: "MANAGER- NOC-", 404: "*"}, lambda _w: {"mode": "run"}),
    ),
    "templates/<uuid:pk>/delete/": page(
        "/templates/{}/delete/",
        "template",
        GET=to({200: "ADMINS", 403: "MANAGER NOC", 404: "*"}),
        POST=to({302: "ADMINS", 403: "MANAGER NOC", 404: "*"}),
    ),
    "workflows/": page("/workflows/", GET=to({200: "RUNNERS", 403: "*"})),
    "workflows/new/": page(
        "/workflows/new/",
        GET=to({200: "ADMINS", 403: "*"}),
        POST=to({302: "ADMINS", 403: "*"}, _workflow_form),
    ),
    "workflows/try/": page(
        "/workflows/try/",
        POST=to({200: "RUNNERS", 403: "*"}, lambda _w: {"try-expression": "1 > 0"}),
    ),
    "workflows/<uuid:pk>/": page("/workflows/{}/", "workflow", GET=to({200: "RUNNERS", 404: "*"})),
    "workflows/<uuid:pk>/edit/": page(
        "/workflows/{}/edit/",
        "workflow",
        GET=to({200: "ADMINS", 403: "MANAGER NOC", 404: "*"}),
        POST=to({302: "ADMINS", 403: "MANAGER NOC", 404: "*"}, _workflow_form),
    ),
    "workflows/<uuid:pk>/active/": page(
        "/workflows/{}/active/",
        "workflow",
        POST=to({302: "ADMINS", 403: "MANAGER NOC", 404: "*"}, lambda _w: {"on": "0"}),
    ),
    "workflows/<uuid:pk>/delete/": page(
        "/workflows/{}/delete/",
        "workflow",
        GET=to({200: "ADMINS", 403: "MANAGER NOC", 404: "*"}),
        POST=to({302: "ADMINS", 403: "MANAGER NOC", 404: "*"}),
    ),
    "workflows/<uuid:pk>/export.<str:form>": page(
        "/workflows/{}/export.yaml", "workflow", GET=to({200: "RUNNERS", 404: "*"})
    ),
    "schedules/": page("/schedules/", GET=to({200: "RUNNERS", 403: "*"})),
    "schedules/new/": page(
        f"/schedules/new/?runbook={RUNBOOK}",
        GET=to({200: "ADMINS", 403: "*"}),
        POST=to({302: "ADMINS", 403: "*"}, _schedule_form),
    ),
    "schedules/preview/": page("/schedules/preview/", GET=to({200: "RUNNERS", 403: "*"})),
    "schedules/<uuid:pk>/": page("/schedules/{}/", "schedule", GET=to({200: "RUNNERS", 404: "*"})),
    "schedules/<uuid:pk>/edit/": page(
        "/schedules/{}/edit/",
        "schedule",
        GET=to({200: "ADMINS", 403: "MANAGER NOC", 404: "*"}),
        POST=to({302: "ADMINS", 403: "MANAGER NOC", 404: "*"}, _schedule_form),
    ),
    "schedules/<uuid:pk>/active/": page(
        "/schedules/{}/active/",
        "schedule",
        POST=to({302: "ADMINS", 403: "MANAGER NOC", 404: "*"}, lambda _w: {"on": "0"}),
    ),
    "schedules/<uuid:pk>/run/": page(
        "/schedules/{}/run/",
        "schedule",
        POST=to({302: "RUNNERS_THERE", 403: "MANAGER- NOC-", 404: "*"}),
    ),
    "schedules/<uuid:pk>/delete/": page(
        "/schedules/{}/delete/",
        "schedule",
        GET=to({200: "ADMINS", 403: "MANAGER NOC", 404: "*"}),
        POST=to({302: "ADMINS", 403: "MANAGER NOC", 404: "*"}),
    ),
    # Incidents.
    "incidents/": page("/incidents/", GET=to({200: "RUNNERS", 403: "*"})),
    "incidents/<uuid:pk>/": page("/incidents/{}/", "incident", GET=to({200: "RUNNERS", 404: "*"})),
    "incidents/<uuid:pk>/acknowledge/": page(
        "/incidents/{}/acknowledge/", "incident", POST=to({302: "RUNNERS", 404: "*"})
    ),
    "incidents/<uuid:pk>/resolve/": page(
        "/incidents/{}/resolve/", "incident", POST=to({302: "RUNNERS", 404: "*"})
    ),
    "incidents/open/": page(
        "/incidents/open/",
        GET=to({200: "RUNNERS", 403: "*"}),
        POST=to({302: "RUNNERS", 403: "*"}, _incident),
    ),
    "incidents/<uuid:pk>/state/": page(
        "/incidents/{}/state/", "incident", GET=to({200: "RUNNERS", 404: "*"})
    ),
    "incidents/<uuid:pk>/edit/": page(
        "/incidents/{}/edit/",
        "incident",
        GET=to({200: "RUNNERS", 404: "*"}),
        POST=to({302: "RUNNERS", 404: "*"}, _incident),
    ),
    "incidents/<uuid:pk>/reopen/": page(
        "/incidents/{}/reopen/", "incident", POST=to({302: "RUNNERS", 404: "*"})
    ),
    "incidents/<uuid:pk>/take/": page(
        "/incidents/{}/take/", "incident", POST=to({302: "RUNNERS", 404: "*"})
    ),
    "incidents/<uuid:pk>/note/": page(
        "/incidents/{}/note/", "incident", POST=to({302: "RUNNERS", 404: "*"}, _note)
    ),
    "incidents/<uuid:pk>/link/": page(
        "/incidents/{}/link/",
        "incident",
        POST=to({302: "RUNNERS", 404: "*"}, lambda w: {"execution": str(w.failed.pk)}),
    ),
    "incidents/<uuid:pk>/alias/": page(
        "/incidents/{}/alias/", "incident", POST=to({302: "ADMINS", 403: "MANAGER NOC", 404: "*"})
    ),
    "incidents/<uuid:pk>/run/": page(
        "/incidents/{}/run/",
        "incident",
        POST=to(
            {302: "RUNNERS_THERE", 403: "MANAGER- NOC-", 404: "*"},
            lambda _w: {"runbook_id": RUNBOOK, "mode": "run"},
        ),
    ),
    # Where alerts come from.
    "incidents/sources/": page("/incidents/sources/", GET=to({200: "ADMINS", 403: "*"})),
    "incidents/sources/new/": page(
        "/incidents/sources/new/?kind=alertmanager",
        GET=to({200: "ADMINS", 403: "*"}),
        POST=to({200: "ADMINS", 403: "*"}, _source_form),
    ),
    "incidents/sources/<uuid:pk>/": page("/incidents/sources/{}/", "source", GET=to(ADMINS_ALONE)),
    "incidents/sources/<uuid:pk>/mapping/": page(
        "/incidents/sources/{}/mapping/",
        "source",
        POST=to(ADMINS_ALONE, lambda _w: {"do": "try", "payload": '{"title": "a"}'}),
    ),
    "incidents/sources/<uuid:pk>/rotate/": page(
        "/incidents/sources/{}/rotate/", "source", POST=to(ADMINS_ALONE)
    ),
    "incidents/sources/<uuid:pk>/end-previous/": page(
        "/incidents/sources/{}/end-previous/", "source", POST=to({302: "ADMINS", 404: "*"})
    ),
    "incidents/sources/<uuid:pk>/switch/": page(
        "/incidents/sources/{}/switch/", "source", POST=to({302: "ADMINS", 404: "*"})
    ),
    "incidents/sources/<uuid:pk>/delete/": page(
        "/incidents/sources/{}/delete/", "source", POST=to({302: "ADMINS", 404: "*"})
    ),
    "api/v1/incidents/sources": api(
        "incidents/sources",
        GET=to({200: "ADMINS", 403: "*"}),
        POST=to({201: "ADMINS", 403: "*"}, _source_json),
    ),
    "api/v1/incidents/sources/try": api(
        "incidents/sources/try", POST=to({200: "ADMINS", 403: "*"}, _try)
    ),
    "api/v1/incidents/sources/<uuid:pk>": api(
        "incidents/sources/{}",
        "source",
        GET=to(ADMINS_ALONE),
        PATCH=to(ADMINS_ALONE, lambda _w: {"graceMinutes": 6}),
        DELETE=to({204: "ADMINS", 404: "*"}),
    ),
    "api/v1/incidents/sources/<uuid:pk>/rotate": api(
        "incidents/sources/{}/rotate", "source", POST=to(ADMINS_ALONE)
    ),
    "api/v1/incidents/sources/<uuid:pk>/end-previous": api(
        "incidents/sources/{}/end-previous", "source", POST=to(ADMINS_ALONE)
    ),
    "api/v1/incidents/sources/<uuid:pk>/deliveries": api(
        "incidents/sources/{}/deliveries", "source", GET=to(ADMINS_ALONE)
    ),
    # Who sends there is proven by what is sent, never by a login.
    "api/v1/incidents/webhooks/<slug:slug>": public(
        f"{API}incidents/webhooks/nobody", POST=to({401: "*"}, lambda _w: {})
    ),
    # The API: incidents.
    "api/v1/incidents": api(
        "incidents",
        GET=to({200: "RUNNERS", 403: "*"}),
        POST=to({201: "RUNNERS", 403: "*"}, _incident),
    ),
    "api/v1/incidents/<uuid:pk>": api(
        "incidents/{}",
        "incident",
        GET=to({200: "RUNNERS", 404: "*"}),
        PATCH=to({200: "RUNNERS", 404: "*"}, lambda _w: {"severity": "LOW"}),
    ),
    "api/v1/incidents/<uuid:pk>/acknowledge": api(
        "incidents/{}/acknowledge", "incident", POST=to({200: "RUNNERS", 404: "*"})
    ),
    "api/v1/incidents/<uuid:pk>/resolve": api(
        "incidents/{}/resolve", "incident", POST=to({200: "RUNNERS", 404: "*"}, _reason)
    ),
    "api/v1/incidents/<uuid:pk>/reopen": api(
        # It is open.
        "incidents/{}/reopen",
        "incident",
        POST=to({400: "RUNNERS", 404: "*"}, _reason),
    ),
    "api/v1/incidents/<uuid:pk>/assign": api(
        "incidents/{}/assign",
        "incident",
        POST=to({200: "RUNNERS", 404: "*"}, lambda _w: {"assignedTo": None}),
    ),
    "api/v1/incidents/<uuid:pk>/notes": api(
        "incidents/{}/notes", "incident", POST=to({201: "RUNNERS", 404: "*"}, _note)
    ),
    "api/v1/incidents/<uuid:pk>/timeline": api(
        "incidents/{}/timeline", "incident", GET=to({200: "RUNNERS", 404: "*"})
    ),
    "api/v1/incidents/<uuid:pk>/suggestions": api(
        "incidents/{}/suggestions", "incident", GET=to({200: "RUNNERS", 404: "*"})
    ),
    "api/v1/incidents/<uuid:pk>/executions/link": api(
        "incidents/{}/executions/link",
        "incident",
        POST=to({200: "RUNNERS", 404: "*"}, _failed_execution),
    ),
    "api/v1/incidents/<uuid:pk>/executions/unlink": api(
        # It is linked to none.
        "incidents/{}/executions/unlink",
        "incident",
        POST=to({404: "*"}, _failed_execution),
    ),
    "incidents/<uuid:pk>/rules/<uuid:rule_pk>/start/": Entry(
        url=lambda w: f"/incidents/{w.incident.pk}/rules/{w.rule.pk}/start/",
        calls={"POST": to({302: "RUNNERS_THERE", 403: "MANAGER- NOC-", 404: "*"})},
        anonymous=302,
    ),
    # Rules.
    "rules/": page("/rules/", GET=to({200: "RUNNERS", 403: "*"})),
    "rules/new/": page(
        "/rules/new/",
        GET=to({200: "ADMINS", 403: "*"}),
        POST=to({302: "ADMINS", 403: "*"}, _rule_form),
    ),
    "rules/<uuid:pk>/": page("/rules/{}/", "rule", GET=to({200: "RUNNERS", 404: "*"})),
    "rules/<uuid:pk>/edit/": page(
        "/rules/{}/edit/",
        "rule",
        GET=to({200: "ADMINS", 403: "MANAGER NOC", 404: "*"}),
        POST=to(CHANGES_RULE, _rule_form),
    ),
    "rules/<uuid:pk>/mode/": page("/rules/{}/mode/", "rule", POST=to(CHANGES_RULE, _mode)),
    "rules/<uuid:pk>/delete/": page("/rules/{}/delete/", "rule", POST=to(CHANGES_RULE)),
    "rules/<uuid:pk>/rearm/": page(
        "/rules/{}/rearm/", "rule", POST=to({302: "RUNNERS", 404: "*"}, _rearm_form)
    ),
    # Servers: the list holds what one may see.
    "servers/": page("/servers/", GET=to({200: "*"})),
    "servers/check/": page("/servers/check/", POST=to({302: "*"}, _servers)),
    "servers/add/": page(
        "/servers/add/",
        GET=to({200: "ADMINS", 403: "*"}),
        POST=to({302: "ADMINS", 403: "*"}, _server_form),
    ),
    "servers/<uuid:pk>/": page("/servers/{}/", "server", GET=to(SEES_SERVER)),
    "servers/<uuid:pk>/edit/": page(
        "/servers/{}/edit/",
        "server",
        GET=to({200: "ADMINS", 404: "stranger HR- FINANCE-", 403: "*"}),
        POST=to({302: "ADMINS", 404: "stranger HR- FINANCE-", 403: "*"}, _server_form),
    ),
    "servers/<uuid:pk>/now/": page(
        "/servers/{}/now/", "server", GET=to({200: "READERS", 403: "*"})
    ),
    "servers/groups/": page("/servers/groups/", GET=to({200: "*"})),
    "servers/groups/<uuid:pk>/maintenance/": page(
        "/servers/groups/{}/maintenance/",
        "group",
        GET=to({200: "ADMINS", 403: "MANAGER NOC HELPDESK", 404: "*"}),
        POST=to({302: "ADMINS", 403: "MANAGER NOC HELPDESK", 404: "*"}),
    ),
    "servers/<uuid:pk>/maintenance/": page(
        "/servers/{}/maintenance/",
        "server",
        GET=to({200: "ADMINS", 404: "stranger HR- FINANCE-", 403: "*"}),
        POST=to({302: "ADMINS", 404: "stranger HR- FINANCE-", 403: "*"}),
    ),
    "servers/<uuid:pk>/check/": page(
        "/servers/{}/check/",
        "server",
        GET=to(SEES_SERVER),
        POST=to({302: "RUNNERS_THERE", 404: "stranger HR- FINANCE-", 403: "*"}),
    ),
    "servers/<uuid:pk>/host-key/": page(
        "/servers/{}/host-key/",
        "server",
        GET=to(SEES_SERVER),
        POST=to({302: "RUNNERS_THERE", 404: "stranger HR- FINANCE-", 403: "*"}),
    ),
    "servers/<uuid:pk>/host-key/accept/": page(
        "/servers/{}/host-key/accept/",
        "server",
        POST=to({302: "ADMINS", 404: "stranger HR- FINANCE-", 403: "*"}, _fingerprint),
    ),
    # Notifications.
    "notifications/": page("/notifications/", GET=to({200: "ADMINS", 403: "*"})),
    "notifications/add/": page(
        "/notifications/add/",
        GET=to({200: "ADMINS", 403: "*"}),
        POST=to({422: "ADMINS", 403: "*"}, lambda _w: {}),
    ),
    "notifications/<uuid:pk>/": page(
        "/notifications/{}/",
        "channel",
        GET=to({200: "ADMINS", 404: "*"}),
        POST=to({422: "ADMINS", 404: "*"}, lambda _w: {}),
    ),
    "notifications/<uuid:pk>/test/": page(
        "/notifications/{}/test/",
        "channel",
        GET=to({200: "ADMINS", 404: "*"}),
        POST=to({302: "ADMINS", 404: "*"}),
    ),
    "notifications/<uuid:pk>/delete/": page(
        "/notifications/{}/delete/", "channel", POST=to({302: "ADMINS", 404: "*"})
    ),
    "notifications/deliveries/": page(
        "/notifications/deliveries/", GET=to({200: "ADMINS", 403: "*"})
    ),
    "notifications/deliveries/<uuid:pk>/": page(
        "/notifications/deliveries/{}/", "delivery", GET=to({200: "ADMINS", 404: "*"})
    ),
    "notifications/deliveries/<uuid:pk>/resend/": page(
        "/notifications/deliveries/{}/resend/", "delivery", POST=to({302: "ADMINS", 404: "*"})
    ),
    "api/v1/notifications/channels": api(
        "notifications/channels",
        GET=to({200: "ADMINS", 403: "*"}),
        POST=to({201: "ADMINS", 403: "*"}, _channel),
    ),
    "api/v1/notifications/channels/<uuid:pk>": api(
        "notifications/channels/{}",
        "channel",
        GET=to({200: "ADMINS", 404: "*"}),
        PATCH=to({200: "ADMINS", 404: "*"}, _name),
        DELETE=to({204: "ADMINS", 404: "*"}),
    ),
    "api/v1/notifications/channels/<uuid:pk>/test": api(
        "notifications/channels/{}/test", "channel", POST=to({202: "ADMINS", 404: "*"})
    ),
    "api/v1/notifications/deliveries": api(
        "notifications/deliveries", GET=to({200: "ADMINS", 403: "*"})
    ),
    "api/v1/notifications/deliveries/<uuid:pk>": api(
        "notifications/deliveries/{}", "delivery", GET=to({200: "ADMINS", 404: "*"})
    ),
    "api/v1/notifications/deliveries/<uuid:pk>/resend": api(
        "notifications/deliveries/{}/resend", "delivery", POST=to({202: "ADMINS", 404: "*"})
    ),
    "api/v1/notifications/events": api("notifications/events", GET=to({200: "ADMINS", 403: "*"})),
    # The audit trail.
    "audit/": page("/audit/", GET=to({200: "ADMINS", 403: "*"})),
    "audit/<int:seq>/": page("/audit/{}/", "event", GET=to({200: "ADMINS", 403: "*"})),
    "audit/chain/": page("/audit/chain/", GET=to({200: "ADMINS", 403: "*"})),
    "api/v1/audit/events": api("audit/events", GET=to({200: "ADMINS", 403: "*"})),
    "api/v1/audit/verify": api("audit/verify", GET=to({200: "ADMINS", 403: "*"})),
    # The API: who the caller is.
    "api/v1/auth/token": public(f"{API}auth/token", POST=to({401: "*"}, _login)),
    "api/v1/auth/token/refresh": public(
        f"{API}auth/token/refresh", POST=to({401: "*"}, lambda _w: {"refresh": "x"})
    ),
    "api/v1/auth/token/revoke": public(
        f"{API}auth/token/revoke", POST=to({401: "*"}, lambda _w: {"refresh": "x"})
    ),
    "api/v1/auth/tokens": api(
        "auth/tokens", GET=to({200: "*"}), POST=to({201: "*"}, lambda _w: {"name": "bot"})
    ),
    "api/v1/auth/tokens/<uuid:pk>": api(
        "auth/tokens/{}",
        "api_token",
        GET=to({200: "SUPER_ADMIN", 404: "*"}),
        DELETE=to({204: "SUPER_ADMIN", 404: "*"}),
    ),
    "api/v1/auth/me": api("auth/me", GET=to({200: "*"})),
    # The API: automation.
    "api/v1/automation/runbooks": api("automation/runbooks", GET=to({200: "READERS", 403: "*"})),
    "api/v1/automation/runbooks/<str:key>": api(
        f"automation/runbooks/{RUNBOOK}", GET=to({200: "READERS", 404: "*"})
    ),
    "api/v1/automation/runbooks/<str:key>/validate": api(
        # No worker runs here, so that the server can't be reached and nobody's launch is valid.
        f"automation/runbooks/{RUNBOOK}/validate",
        POST=to({400: "READERS", 404: "*"}, _on_server),
    ),
    "api/v1/automation/runbooks/<str:key>/dry-run": api(
        f"automation/runbooks/{RUNBOOK}/dry-run",
        POST=to({201: "RUNNERS_THERE", 403: "MANAGER- NOC- HELPDESK", 404: "*"}, _on_server),
    ),
    "api/v1/automation/executions": api(
        "automation/executions",
        GET=to({200: "READERS", 403: "*"}),
        POST=to({201: "RUNNERS_THERE", 403: "MANAGER- NOC- HELPDESK", 404: "*"}, _launch),
    ),
    "api/v1/automation/executions/<uuid:pk>": api(
        "automation/executions/{}",
        "failed",
        GET=to(SEES_EXECUTIONS),
        DELETE=to({204: "MANAGERS_THERE", 403: "MANAGER- NOC HELPDESK", 404: "*"}),
    ),
    "api/v1/automation/executions/<uuid:pk>/logs": api(
        "automation/executions/{}/logs", "failed", GET=to(SEES_EXECUTIONS)
    ),
    "api/v1/automation/executions/<uuid:pk>/logs/stream": api(
        "automation/executions/{}/logs/stream", "failed", GET=to(SEES_EXECUTIONS)
    ),
    "api/v1/automation/executions/<uuid:pk>/cancel": api(
        "automation/executions/{}/cancel",
        "waiting",
        POST=to({200: "MANAGERS", 403: "NOC HELPDESK", 404: "*"}),
    ),
    "api/v1/automation/executions/<uuid:pk>/retry": api(
        "automation/executions/{}/retry",
        "failed",
        POST=to({201: "MANAGERS_THERE", 403: "MANAGER- NOC HELPDESK", 404: "*"}),
    ),
    "api/v1/automation/executions/<uuid:pk>/rollback": api(
        "automation/executions/{}/rollback",
        "succeeded",
        GET=to(SEES_EXECUTIONS),
        POST=to({200: "MANAGERS_THERE", 403: "MANAGER- NOC HELPDESK", 404: "*"}, _reason),
    ),
    "api/v1/automation/executions/<uuid:pk>/decide": api(
        "automation/executions/{}/decide",
        "unknown",
        POST=to({200: "MANAGERS_THERE", 403: "MANAGER- NOC HELPDESK", 404: "*"}, _decision),
    ),
    "api/v1/reports/handover": api("reports/handover", GET=to({200: "READERS", 403: "*"})),
    "api/v1/reports/handover/export": api(
        "reports/handover/export", GET=to({200: "READERS", 403: "*"})
    ),
    "api/v1/automation/logs": api(
        "automation/logs?search=shop", GET=to({200: "READERS", 403: "*"})
    ),
    "api/v1/automation/analytics/success-rate": api(
        "automation/analytics/success-rate", GET=to({200: "READERS", 403: "*"})
    ),
    "api/v1/automation/analytics/execution-time": api(
        "automation/analytics/execution-time", GET=to({200: "READERS", 403: "*"})
    ),
    "api/v1/automation/analytics/most-used": api(
        "automation/analytics/most-used", GET=to({200: "READERS", 403: "*"})
    ),
    "api/v1/automation/analytics/summary": api(
        "automation/analytics/summary", GET=to({200: "READERS", 403: "*"})
    ),
    "api/v1/automation/batches": api(
        "automation/batches",
        GET=to({200: "READERS", 403: "*"}),
        # Where a server is not granted, the batch is made and says that it was refused there.
        POST=to({201: "RUNNERS", 403: "HELPDESK", 404: "*"}, _launch_batch),
    ),
    "api/v1/automation/batches/<uuid:pk>": api(
        "automation/batches/{}", "batch", GET=to(SEES_EXECUTIONS)
    ),
    "api/v1/automation/batches/<uuid:pk>/cancel": api(
        "automation/batches/{}/cancel",
        "running_batch",
        POST=to({200: "MANAGERS", 403: "NOC HELPDESK", 404: "*"}),
    ),
    "api/v1/automation/approvals": api("automation/approvals", GET=to({200: "RUNNERS", 403: "*"})),
    "api/v1/automation/approvals/<uuid:pk>": api(
        "automation/approvals/{}", "approval", GET=to({200: "RUNNERS", 404: "*"})
    ),
    "api/v1/automation/approvals/<uuid:pk>/approve": api(
        "automation/approvals/{}/approve",
        "approval",
        POST=to({200: "MANAGERS", 403: "NOC", 404: "*"}),
    ),
    "api/v1/automation/approvals/<uuid:pk>/reject": api(
        "automation/approvals/{}/reject",
        "approval",
        POST=to({200: "MANAGERS", 403: "NOC", 404: "*"}, _reason),
    ),
    "api/v1/automation/approvals/<uuid:pk>/bypass": api(
        "automation/approvals/{}/bypass",
        "approval",
        POST=to({200: "RUNNERS", 404: "*"}, _reason),
    ),
    "api/v1/automation/approvals/<uuid:pk>/review": api(
        "automation/approvals/{}/review",
        "bypassed",
        POST=to({200: "MANAGERS", 403: "NOC", 404: "*"}, lambda _w: {"note": "It was right."}),
    ),
    "api/v1/automation/workflows": api(
        "automation/workflows",
        GET=to({200: "RUNNERS", 403: "*"}),
        POST=to({201: "ADMINS", 403: "*"}, _workflow),
    ),
    "api/v1/automation/workflows/validate": api(
        "automation/workflows/validate", POST=to({200: "RUNNERS", 403: "*"}, _workflow)
    ),
    "api/v1/automation/workflows/expressions": api(
        "automation/workflows/expressions",
        POST=to({200: "RUNNERS", 403: "*"}, lambda _w: {"expression": "1 > 0"}),
    ),
    "api/v1/automation/workflows/<uuid:pk>": api(
        "automation/workflows/{}",
        "workflow",
        GET=to({200: "RUNNERS", 404: "*"}),
        PATCH=to({200: "ADMINS", 403: "MANAGER NOC", 404: "*"}, _workflow),
        DELETE=to({204: "ADMINS", 403: "MANAGER NOC", 404: "*"}),
    ),
    "api/v1/automation/workflows/<uuid:pk>/export": api(
        "automation/workflows/{}/export", "workflow", GET=to({200: "RUNNERS", 404: "*"})
    ),
    "api/v1/automation/workflows/<uuid:pk>/run": api(
        "automation/workflows/{}/run",
        "workflow",
        POST=to({201: "RUNNERS_THERE", 403: "MANAGER- NOC-", 404: "*"}),
    ),
    "api/v1/automation/workflow-runs": api(
        "automation/workflow-runs", GET=to({200: "RUNNERS", 403: "*"})
    ),
    "api/v1/automation/workflow-runs/<uuid:pk>": api(
        "automation/workflow-runs/{}", "workflow_run", GET=to({200: "RUNNERS", 404: "*"})
    ),
    "api/v1/automation/workflow-runs/<uuid:pk>/cancel": api(
        "automation/workflow-runs/{}/cancel",
        "workflow_run",
        POST=to({200: "MANAGERS", 403: "NOC", 404: "*"}),
    ),
    "api/v1/automation/workflow-runs/<uuid:pk>/retry": api(
        "automation/workflow-runs/{}/retry",
        "failed_run",
        POST=to({200: "MANAGERS_THERE", 403: "NOC MANAGER-", 404: "*"}),
    ),
    "api/v1/automation/templates": api(
        "automation/templates",
        GET=to({200: "RUNNERS", 403: "*"}),
        POST=to({201: "ADMINS", 403: "*"}, _template),
    ),
    "api/v1/automation/templates/<uuid:pk>": api(
        "automation/templates/{}",
        "template",
        GET=to({200: "RUNNERS", 404: "*"}),
        PATCH=to({200: "ADMINS", 403: "MANAGER NOC", 404: "*"}, _name),
        DELETE=to({204: "ADMINS", 403: "MANAGER NOC", 404: "*"}),
    ),
    "api/v1/automation/templates/<uuid:pk>/run": api(
        "automation/templates/{}/run",
        "template",
        POST=to({201: "RUNNERS_THERE", 403: "MANAGER- NOC-", 404: "*"}),
    ),
    "api/v1/automation/schedules": api(
        "automation/schedules",
        GET=to({200: "RUNNERS", 403: "*"}),
        POST=to({201: "ADMINS", 403: "*"}, _schedule),
    ),
    "api/v1/automation/schedules/<uuid:pk>": api(
        "automation/schedules/{}",
        "schedule",
        GET=to({200: "RUNNERS", 404: "*"}),
        PATCH=to({200: "ADMINS", 403: "MANAGER NOC", 404: "*"}, _name),
        DELETE=to({204: "ADMINS", 403: "MANAGER NOC", 404: "*"}),
    ),
    "api/v1/automation/schedules/<uuid:pk>/run": api(
        "automation/schedules/{}/run",
        "schedule",
        POST=to({201: "RUNNERS_THERE", 403: "MANAGER- NOC-", 404: "*"}),
    ),
    "api/v1/automation/schedules/<uuid:pk>/slots": api(
        "automation/schedules/{}/slots", "schedule", GET=to({200: "RUNNERS", 404: "*"})
    ),
    # The API: rules.
    "api/v1/automation/remediation-rules": api(
        "automation/remediation-rules",
        GET=to({200: "RUNNERS", 403: "*"}),
        POST=to({201: "ADMINS", 403: "*"}, _rule_json),
    ),
    "api/v1/automation/remediation-rules/try": api(
        "automation/remediation-rules/try", POST=to({200: "ADMINS", 403: "*"}, _rule_json)
    ),
    "api/v1/automation/remediation-rules/breakers": api(
        "automation/remediation-rules/breakers", GET=to({200: "RUNNERS", 403: "*"})
    ),
    "api/v1/automation/remediation-rules/<uuid:pk>": api(
        "automation/remediation-rules/{}",
        "rule",
        GET=to({200: "RUNNERS", 404: "*"}),
        PATCH=to({200: "ADMINS", 403: "MANAGER NOC", 404: "*"}, _name),
        DELETE=to({204: "ADMINS", 403: "MANAGER NOC", 404: "*"}),
    ),
    "api/v1/automation/remediation-rules/<uuid:pk>/mode": api(
        "automation/remediation-rules/{}/mode",
        "rule",
        POST=to({200: "ADMINS", 403: "MANAGER NOC", 404: "*"}, _mode),
    ),
    "api/v1/automation/remediation-rules/<uuid:pk>/try": api(
        "automation/remediation-rules/{}/try",
        "rule",
        POST=to({200: "RUNNERS", 404: "*"}, lambda _w: {"days": 7}),
    ),
    "api/v1/automation/remediation-rules/<uuid:pk>/decisions": api(
        "automation/remediation-rules/{}/decisions", "rule", GET=to({200: "RUNNERS", 404: "*"})
    ),
    "api/v1/automation/remediation-rules/<uuid:pk>/rearm": api(
        "automation/remediation-rules/{}/rearm",
        "rule",
        POST=to({200: "RUNNERS", 404: "*"}, _rearm_json),
    ),
    "api/v1/incidents/<uuid:pk>/why": api(
        "incidents/{}/why", "incident", GET=to({200: "RUNNERS", 404: "*"})
    ),
    # The API: servers.
    "api/v1/servers": api(
        "servers", GET=to({200: "*"}), POST=to({201: "ADMINS", 403: "*"}, _server_json)
    ),
    "api/v1/servers/groups": api(
        "servers/groups", GET=to({200: "*"}), POST=to({201: "ADMINS", 403: "*"}, _name)
    ),
    "api/v1/servers/groups/<uuid:pk>": api(
        "servers/groups/{}",
        "group",
        GET=to({200: "READERS", 404: "*"}),
        PATCH=to({200: "ADMINS", 403: "MANAGER NOC HELPDESK", 404: "*"}, _name),
        DELETE=to({204: "ADMINS", 403: "MANAGER NOC HELPDESK", 404: "*"}),
    ),
    "api/v1/servers/credentials": api(
        "servers/credentials",
        GET=to({200: "ADMINS", 403: "*"}),
        POST=to({201: "ADMINS", 403: "*"}, _credential),
    ),
    "api/v1/servers/credentials/<uuid:pk>": api(
        "servers/credentials/{}",
        "spare",
        GET=to({200: "ADMINS", 404: "*"}),
        PATCH=to({200: "ADMINS", 404: "*"}, _name),
        DELETE=to({204: "ADMINS", 404: "*"}),
    ),
    "api/v1/servers/<uuid:pk>": api(
        "servers/{}",
        "free",
        GET=to({200: "READERS", 404: "*"}),
        PATCH=to({200: "ADMINS", 403: "MANAGER NOC HELPDESK", 404: "*"}, _name),
        DELETE=to({204: "ADMINS", 403: "MANAGER NOC HELPDESK", 404: "*"}),
    ),
    "api/v1/servers/<uuid:pk>/check": api(
        # Where a worker is asked, none answers here.
        "servers/{}/check",
        "server",
        POST=to({503: "RUNNERS_THERE", 404: "stranger HR- FINANCE-", 403: "*"}),
    ),
    "api/v1/servers/<uuid:pk>/host-key": api(
        "servers/{}/host-key",
        "server",
        GET=to({503: "RUNNERS_THERE", 404: "stranger HR- FINANCE-", 403: "*"}),
        POST=to({200: "ADMINS", 404: "stranger HR- FINANCE-", 403: "*"}, _fingerprint),
    ),
    # The API: its description.
    "api/v1/schema/": Entry(
        url=lambda _w: f"{API}schema/", calls={"GET": to({200: "*"})}, anonymous=401, is_slow=True
    ),
    "api/v1/docs/": api("docs/", GET=to({200: "*"})),
    "api/v1/redoc/": api("redoc/", GET=to({200: "*"})),
    "api/v1/<anything:rest>": Entry(
        url=lambda _w: f"{API}there/is/no/such", calls={}, anonymous=401, other_methods=404
    ),
    ".well-known/jwks.json": public("/.well-known/jwks.json", GET=to({200: "*"})),
    "healthz": public("/healthz", GET=to({200: "*"})),
    "readyz": public("/readyz", GET=to({503: "*"})),  # no worker runs here
    "metrics": public("/metrics", GET=to({401: "*"})),  # a token of the settings lets in, no role
}
