"""Each page of the Django admin, asked by each role with staff status."""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from opsmanager.accounts.models import Identity, User
from opsmanager.common.models import Pulse
from tests.access import personas, world
from tests.access.world import World
from tests.support.routes import routes
from tests.support.users import signed_in

SUPER, ADMINS, NOBODY = {"SUPER_ADMIN"}, {"SUPER_ADMIN", "ADMIN"}, set[str]()
RUNNERS = {*ADMINS, "MANAGER", "NOC"}
READERS = {*RUNNERS, "HELPDESK"}

# Who may look at, add, change and delete rows of each kind.
TABLE: dict[str, tuple[set[str], set[str], set[str], set[str]]] = {
    "accounts_apitoken": (SUPER, NOBODY, NOBODY, NOBODY),
    "accounts_identity": (SUPER, SUPER, NOBODY, SUPER),
    "accounts_user": (SUPER, SUPER, SUPER, SUPER),
    "auth_group": (SUPER, SUPER, SUPER, SUPER),
    "audit_auditevent": (ADMINS, NOBODY, NOBODY, NOBODY),
    "automation_approval": (RUNNERS, NOBODY, NOBODY, NOBODY),
    "automation_catalogentry": (READERS, NOBODY, ADMINS, NOBODY),
    "automation_execution": (READERS, NOBODY, NOBODY, NOBODY),
    "automation_schedule": (RUNNERS, NOBODY, ADMINS, ADMINS),
    "automation_template": (RUNNERS, NOBODY, ADMINS, ADMINS),
    "automation_workflow": (RUNNERS, NOBODY, NOBODY, NOBODY),
    "incidents_remediationrule": (RUNNERS, NOBODY, NOBODY, NOBODY),
    "common_pulse": (ADMINS, NOBODY, NOBODY, NOBODY),
    "django_celery_beat_periodictask": (ADMINS, NOBODY, NOBODY, NOBODY),
    "incidents_incident": (RUNNERS, NOBODY, NOBODY, NOBODY),
    "incidents_source": (ADMINS, NOBODY, NOBODY, NOBODY),
    "notifications_channel": (ADMINS, ADMINS, ADMINS, ADMINS),
    "notifications_delivery": (ADMINS, NOBODY, NOBODY, NOBODY),
    "servers_credential": (ADMINS, ADMINS, ADMINS, ADMINS),
    "servers_hostkey": (ADMINS, NOBODY, NOBODY, NOBODY),
    "servers_server": (READERS, ADMINS, ADMINS, ADMINS),
    "servers_servergroup": (ADMINS, ADMINS, ADMINS, ADMINS),
}

ROWS: dict[str, Callable[[World], Model]] = {
    "accounts_apitoken": lambda w: w.api_token,
    "accounts_identity": lambda _w: Identity.objects.create(
        user=User.objects.create(username="linked"), issuer="https://login.example", subject="1"
    ),
    "accounts_user": lambda _w: User.objects.create(username="somebody else"),
    "auth_group": lambda _w: Group.objects.create(name="A group of one's own"),
    "audit_auditevent": lambda w: w.event,
    "automation_approval": lambda w: w.approval,
    "automation_catalogentry": lambda w: w.runbook,
    "incidents_remediationrule": lambda w: w.rule,
    "automation_execution": lambda w: w.failed,
    "automation_schedule": lambda w: w.schedule,
    "automation_template": lambda w: w.template,
    "automation_workflow": lambda w: w.workflow,
    "common_pulse": lambda _w: Pulse.objects.create(kind="worker", name="host:1"),
    "django_celery_beat_periodictask": lambda _w: PeriodicTask.objects.create(
        name="x", task="x", interval=IntervalSchedule.objects.create(every=8)
    ),
    "incidents_incident": lambda w: w.incident,
    "incidents_source": lambda w: w.source,
    "notifications_channel": lambda w: w.channel,
    "notifications_delivery": lambda w: w.delivery,
    "servers_credential": lambda w: w.spare,
    "servers_hostkey": lambda w: w.host_key,
    "servers_server": lambda w: w.free,
    "servers_servergroup": lambda w: w.group,
}

# Of the site as a whole: these lead elsewhere, or show what the role may see.
SITE = {
    "admin/",
    "admin/login/",
    "admin/logout/",
    "admin/password_change/",
    "admin/password_change/done/",
    "admin/autocomplete/",
    "admin/jsi18n/",
    "admin/r/<path:content_type_id>/<path:object_id>/",
}


def test_no_kind_of_row_is_left_out() -> None:
    kinds = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
    assert kinds == set(TABLE) == set(ROWS)


def test_no_page_of_the_admin_is_left_out() -> None:
    own = {"", "add/", "<path:object_id>/history/", "<path:object_id>/delete/"}
    own |= {"<path:object_id>/change/", "<path:object_id>/", "<id>/password/"}
    rest = {route for route in routes() if route.startswith("admin/")} - SITE
    for kind in TABLE:
        app, _, name = kind.rpartition("_")
        rest -= {f"admin/{app}/{name}/{tail}" for tail in own}
    assert {route for route in rest if "(?P<" not in route} == set()


@pytest.mark.django_db
@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("kind", TABLE)
def test_everybody_gets_the_answer_of_the_table(kind: str) -> None:
    made = world.make()
    key = ROWS[kind](made).pk
    see, add, change, delete = TABLE[kind]
    calls = {
        ("get", "changelist"): see,
        ("get", "history"): see,
        ("get", "change"): see,
        ("post", "change"): change,
        ("get", "add"): add,
        ("post", "add"): add,
        ("get", "delete"): delete,
        ("post", "delete"): delete,
    }
    if kind == "accounts_user":
        calls["get", "password"] = calls["post", "password"] = SUPER
    seen, expected = {}, {}
    for name in (personas.STRANGER, *personas.ROLES):
        user = personas.make(name, made.server)
        assert user is not None
        browser = signed_in(user)
        for (method, page), who in calls.items():
            before = transaction.savepoint()
            answer = getattr(browser, method)(_address(kind, page, key))
            transaction.savepoint_rollback(before)
            # A form that lacks something is shown again; one that lacks nothing leads on.
            seen[name, method, page] = answer.status_code in (200, 302)
            expected[name, method, page] = name in who
            assert answer.status_code in (200, 302, 403), (name, method, page)
    assert seen == expected


@pytest.mark.django_db
@pytest.mark.parametrize("route", sorted(SITE - {"admin/login/"}))
def test_nothing_of_it_is_shown_without_a_login(route: str) -> None:
    path = route.replace("<path:content_type_id>", "1").replace("<path:object_id>", "1")
    answer = Client().get(f"/{path}")
    assert answer.status_code == 302
    assert "login" in answer["Location"]


def _address(kind: str, page: str, key: object) -> str:
    if page == "password":
        return reverse("admin:auth_user_password_change", args=[key])
    return reverse(f"admin:{kind}_{page}", args=[] if page in ("changelist", "add") else [key])
