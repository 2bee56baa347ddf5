"""The pages of one's API tokens, as a plain browser meets them."""

import re
from typing import Any

import pytest

from opsmanager.accounts import token_text
from opsmanager.accounts.models import ApiToken, User
from opsmanager.accounts.roles import OPERATE_SERVERS, VIEW_EXECUTIONS, VIEW_SERVERS
from opsmanager.audit.models import AuditEvent
from tests.support import servers
from tests.support.api_tokens import made, program, token
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db

NEW, ACCOUNT, ME = "/account/tokens/new/", "/account/", "/api/v1/auth/me"
FORM = {"name": "ChatOps bot", "days": "90", "access": "READ"}


@pytest.fixture
def user() -> User:
    return user_with("ADMIN", name="ann")


def sent(user: User, **fields: Any) -> Any:
    return signed_in(user).post(NEW, {**FORM, **fields})


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_token_is_shown_once_on_a_page_that_nobody_keeps(user: User) -> None:
    answer = sent(user)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    (secret,) = re.findall(r'value="(opsm_\w+)"', text_of(answer))
    assert token_text.is_whole(secret)
    assert program(secret).get(ME).status_code == 200
    shown = text_of(signed_in(user).get(ACCOUNT))
    assert secret not in shown
    assert token_text.start(secret) in shown
    assert "May only look on every server" in shown


def test_a_token_that_only_looks_has_what_lets_one_look(user: User) -> None:
    sent(user)
    permissions = ApiToken.objects.get().permissions
    assert permissions is not None
    assert {VIEW_EXECUTIONS, VIEW_SERVERS, "audit.view_auditevent"} <= set(permissions)
    assert all(".view_" in name for name in permissions)


def test_a_token_for_servers_that_only_looks_keeps_to_them(user: User) -> None:
    server, group = servers.server(), servers.group()
    assert sent(user, servers=[str(server.pk)], groups=[str(group.pk)]).status_code == 200
    row = ApiToken.objects.get()
    assert (row.server_ids, row.group_ids) == ([server.pk], [group.pk])
    assert row.permissions is not None
    assert "audit.view_auditevent" not in row.permissions
    shown = text_of(signed_in(user).get(ACCOUNT))
    assert "May only look on 1 server and the servers of 1 group" in shown


def test_a_token_may_all_or_what_is_ticked(user: User) -> None:
    sent(user, access="ALL")
    assert ApiToken.objects.get().permissions is None
    ApiToken.objects.all().delete()
    sent(user, access="CHOSEN", permissions=[VIEW_SERVERS, OPERATE_SERVERS])
    assert ApiToken.objects.get().permissions == [OPERATE_SERVERS, VIEW_SERVERS]
    shown = text_of(signed_in(user).get(ACCOUNT))
    assert "Has 2 permissions on every server" in shown


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"days": "9999"}, "Select a valid choice."),
        ({"access": "ROOT"}, "Select a valid choice."),
        ({"access": "CHOSEN"}, "Tick what it may do."),
        ({"access": "ALL", "permissions": [VIEW_SERVERS]}, "or untick the permissions"),
        ({"access": "CHOSEN", "permissions": ["accounts.add_user"]}, "Select a valid choice."),
        ({"servers": ["web1"]}, "Select a valid choice."),
    ],
)
def test_what_does_not_go_together_is_said(user: User, fields: dict[str, Any], said: str) -> None:
    answer = sent(user, **fields)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert not ApiToken.objects.exists()


def test_what_reaches_beyond_the_servers_is_said_and_the_ticks_stay(user: User) -> None:
    server = servers.server()
    ticked = {"permissions": ["audit.view_auditevent"], "servers": [str(server.pk)]}
    answer = sent(user, access="CHOSEN", **ticked)
    assert answer.status_code == 422
    assert "audit.view_auditevent reaches beyond single servers" in text_of(answer)
    assert text_of(answer).count("checked") == 3


def test_somebody_else_s_servers_are_not_offered(user: User) -> None:
    servers.server("secretive")
    shown = text_of(signed_in(user_with("HR")).get(NEW))
    assert "secretive" not in shown
    assert "You see no server yet" in shown


def test_a_token_is_revoked_by_a_button_and_leaves_the_page(user: User) -> None:
    row, secret = made(user)
    browser = signed_in(user)
    answer = browser.post(f"/account/tokens/{row.pk}/revoke/", follow=True)
    assert "ci bot is revoked" in text_of(answer)
    assert program(secret).get(ME).status_code == 401
    assert row.start not in text_of(browser.get(ACCOUNT))


def test_an_expired_token_is_shown_as_one(user: User) -> None:
    token(user, expires_at="2026-01-01T00:00:00Z")
    assert "Expired" in text_of(signed_in(user).get(ACCOUNT))


def test_signing_out_everywhere_else_revokes_ones_tokens(user: User) -> None:
    _row, secret = made(user)
    _other, kept = made(user_with("NOC"))
    signed_in(user).post("/account/sessions/end/")
    assert program(secret).get(ME).status_code == 401
    assert program(kept).get(ME).status_code == 200
    assert AuditEvent.objects.filter(verb="API_TOKEN_REVOKED", actor_name="ann").count() == 1


def test_a_super_admin_revokes_tokens_in_the_admin_and_sees_no_hash(user: User) -> None:
    row, secret = made(user)
    browser = signed_in(user_with("SUPER_ADMIN", name="boss"))
    page = browser.get(f"/admin/accounts/apitoken/{row.pk}/change/")
    assert row.digest not in text_of(page)
    assert "tone-good" in text_of(browser.get("/admin/accounts/apitoken/"))
    chosen = {"action": "revoke", "_selected_action": [str(row.pk)]}
    asked = text_of(browser.post("/admin/accounts/apitoken/", chosen))
    assert "Programs that use one of them stop working at once" in asked
    assert program(secret).get(ME).status_code == 200
    browser.post("/admin/accounts/apitoken/", {**chosen, "sure": "yes"})
    assert program(secret).get(ME).status_code == 401
    row.refresh_from_db()
    assert row.revoked_by is not None
    assert row.revoked_by.username == "boss"
    assert "Revoked</span>" in re.sub(
        r"\s+<", "<", text_of(browser.get("/admin/accounts/apitoken/"))
    )
