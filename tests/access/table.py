"""The table of access: each page, fragment and endpoint of ours, and who gets which answer.

A route without an entry fails the test. The Django admin has a table of its own.
"""

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


def _credential(_world: World) -> dict[str, object]:
    return {"name": "new", "username": "root", "authType": "PASSWORD", "password": "a pass word"}


def _name(_world: World) -> dict[str, object]:
    return {"name": "new"}


def _reason(_world: World) -> dict[str, object]:
    return {"reason": "It must be."}


def _decision(_world: World) -> dict[str, object]:
    return {"outcome": "SUCCESS", "reason": "I looked."}


def _fingerprint(world: World) -> dict[str, object]:
    return {"fingerprint": world.host_key.fingerprint}


def _login(_world: World) -> dict[str, object]:
    return {"username": "nobody", "password": "wrong"}


SEES_EXECUTIONS = {200: "READERS", 404: "*"}
SEES_SERVER = {200: "READERS HR_THERE FINANCE_THERE", 404: "*"}
"""To whom a server is granted may see it, also without a role that does anything there."""

TABLE: dict[str, Entry] = {
    # Home and login.
    "": page("/", GET=to({200: "*"})),
    "now/": page("/now/", GET=to({200: "*"})),
    "login/": public(
        "/login/",
        GET=to({200: "anonymous", 302: "*"}),
        POST=to({200: "anonymous", 302: "*"}, _login),
        PUT=to({200: "anonymous", 302: "*"}),
        PATCH=to({405: "anonymous", 302: "*"}),
        DELETE=to({405: "anonymous", 302: "*"}),
    ),
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
    "executions/": page("/executions/", GET=to({200: "READERS", 403: "*"})),
    "executions/<uuid:pk>/": page("/executions/{}/", "failed", GET=to(SEES_EXECUTIONS)),
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
    # Incidents.
    "incidents/": page("/incidents/", GET=to({200: "RUNNERS", 403: "*"})),
    "incidents/<uuid:pk>/": page("/incidents/{}/", "incident", GET=to({200: "RUNNERS", 404: "*"})),
    "incidents/<uuid:pk>/acknowledge/": page(
        "/incidents/{}/acknowledge/", "incident", POST=to({302: "RUNNERS", 404: "*"})
    ),
    "incidents/<uuid:pk>/resolve/": page(
        "/incidents/{}/resolve/", "incident", POST=to({302: "RUNNERS", 404: "*"})
    ),
    "incidents/<uuid:pk>/run/": page(
        "/incidents/{}/run/",
        "incident",
        POST=to(
            {302: "RUNNERS_THERE", 403: "MANAGER- NOC-", 404: "*"},
            lambda _w: {"runbook_id": RUNBOOK, "mode": "run"},
        ),
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
    "servers/<uuid:pk>/maintenance/": page(
        "/servers/{}/maintenance/",
        "server",
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
}
