"""API tokens over the API: shown once, limited, expiring, revocable; and what 401 says to whom."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from opsmanager.accounts import api_tokens, housekeeping, token_text
from opsmanager.accounts.models import ApiToken, User
from opsmanager.audit.models import AuditEvent
from opsmanager.common.problems import Conflict
from tests.support import servers
from tests.support.api_tokens import made, program, token
from tests.support.users import PASSWORD, signed_in, user_with

pytestmark = pytest.mark.django_db

TOKENS, ME = "/api/v1/auth/tokens", "/api/v1/auth/me"
JSON = "application/json"


@pytest.fixture
def user() -> User:
    return user_with("MANAGER", name="mia")


def create(user: User, **sent: Any) -> Any:
    return signed_in(user).post(TOKENS, {"name": "bot", **sent}, JSON)


def me(secret: str) -> Any:
    return program(secret).get(ME)


def events(verb: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(verb=verb).order_by("seq"))


def test_a_token_is_shown_once_and_lets_a_program_in(user: User) -> None:
    answer = create(user)
    assert answer.status_code == 201
    shown = answer.json()["token"]
    secret = shown.pop("secret")
    assert token_text.is_whole(secret)
    assert shown["name"] == "bot"
    assert secret.startswith(shown["start"])
    assert (shown["permissions"], shown["serverIds"], shown["serverGroupIds"]) == (None,) * 3
    found = me(secret).json()
    assert found["username"] == "mia"
    assert found["permissions"] == sorted(user.get_all_permissions())
    assert found["apiToken"] == {
        "id": shown["id"],
        "name": "bot",
        "expiresAt": shown["expiresAt"],
    }
    client = signed_in(user)
    for later in (client.get(TOKENS), client.get(f"{TOKENS}/{shown['id']}")):
        assert later.status_code == 200
        assert secret not in later.content.decode()
        assert b"secret" not in later.content


def test_the_secret_is_neither_in_the_database_nor_in_the_trail(user: User) -> None:
    secret = create(user).json()["token"]["secret"]
    row = ApiToken.objects.get()
    assert row.digest == token_text.digest(secret)
    kept = [str(vars(row)), *(str(vars(event)) for event in AuditEvent.objects.all())]
    assert not any(secret in each for each in kept)


def test_a_token_is_for_90_days_unless_said_otherwise(user: User) -> None:
    create(user)
    left = ApiToken.objects.get().expires_at - timezone.now()
    assert timedelta(days=89) < left <= timedelta(days=90)
    until = timezone.now() + timedelta(days=365)
    assert create(user, expiresAt=until.isoformat()).status_code == 201
    assert ApiToken.objects.filter(expires_at=until).exists()


@pytest.mark.parametrize("days", [-1, 0, 367, 36500])
def test_a_token_must_end_within_a_year_and_not_before_now(user: User, days: int) -> None:
    until = timezone.now() + timedelta(days=days)
    answer = create(user, expiresAt=until.isoformat())
    assert answer.status_code == 400
    assert answer.json()["details"] == {"expiresAt": ["Use a time to come, within a year."]}
    assert not ApiToken.objects.exists()


def test_it_may_no_more_than_it_is_limited_to(user: User) -> None:
    wanted = ["automation.view_execution", "servers.view_server"]
    secret = create(user, permissions=wanted).json()["token"]["secret"]
    assert me(secret).json()["permissions"] == wanted
    client = program(secret)
    assert client.get("/api/v1/automation/executions").status_code == 200
    assert client.get("/api/v1/automation/runbooks").status_code == 403


def test_it_may_nothing_with_an_empty_list(user: User) -> None:
    secret = create(user, permissions=[]).json()["token"]["secret"]
    assert me(secret).json()["permissions"] == []


def test_it_can_t_be_given_what_its_user_does_not_have(user: User) -> None:
    answer = create(user, permissions=["audit.view_auditevent", "no.such"])
    assert answer.status_code == 400
    assert answer.json()["details"] == {
        "permissions": ["You don't have audit.view_auditevent.", "You don't have no.such."]
    }


def test_what_was_granted_for_one_server_can_be_given_to_it(user: User) -> None:
    server = servers.server()
    assert create(user, permissions=["servers.operate_server"]).status_code == 400
    granted = servers.grant(user, server)
    assert create(granted, permissions=["servers.operate_server"]).status_code == 201


def test_it_is_limited_to_servers_that_its_user_sees(user: User) -> None:
    server, group = servers.server(), servers.group()
    sent = {"serverIds": [str(server.pk)], "serverGroupIds": [str(group.pk)]}
    shown = create(user, **sent).json()["token"]
    assert {name: shown[name] for name in sent} == sent
    stranger = user_with("HR")
    answer = create(stranger, **sent)
    assert answer.status_code == 400
    assert set(answer.json()["details"]) == set(sent)
    assert create(user, serverIds=[str(group.pk)]).status_code == 400
    assert create(user, serverIds=[str(uuid4())]).status_code == 400


def test_what_reaches_beyond_servers_is_not_given_with_servers() -> None:
    admin = user_with("ADMIN")
    answer = create(admin, permissions=["audit.view_auditevent"], serverIds=[])
    assert answer.status_code == 400
    assert "reaches beyond" in answer.json()["details"]["permissions"][0]


@pytest.mark.parametrize(
    "sent",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"permissions": "all"},
        {"serverIds": ["web1"]},
        {"expiresAt": "soon"},
        {"scope": []},
    ],
)
def test_what_makes_no_sense_is_refused(user: User, sent: dict[str, Any]) -> None:
    answer = create(user, **sent)
    assert answer.status_code == 400
    assert set(answer.json()["details"]) == set(sent)


def test_fifty_are_enough(user: User) -> None:
    for _ in range(api_tokens.MOST):
        row = token(user)
    with pytest.raises(Conflict, match="Revoke one"):
        api_tokens.create(user, name="one more", limits=api_tokens.Limits())
    assert create(user).status_code == 409
    api_tokens.revoke(row, by=user)
    assert create(user).status_code == 201


def test_a_token_makes_lists_and_revokes_no_tokens(user: User) -> None:
    row, secret = made(user_with("SUPER_ADMIN"))
    client = program(secret)
    answers = [
        client.get(TOKENS),
        client.get(f"{TOKENS}?userId={user.pk}"),
        client.post(TOKENS, {"name": "child"}, JSON),
        client.get(f"{TOKENS}/{row.pk}"),
        client.delete(f"{TOKENS}/{row.pk}"),
    ]
    assert [answer.status_code for answer in answers] == [403] * 5
    assert all("can't make, list or revoke" in answer.json()["message"] for answer in answers)
    assert ApiToken.objects.get().is_active


def test_a_token_is_no_login_on_pages(user: User) -> None:
    _row, secret = made(user_with("SUPER_ADMIN"))
    for path in ("/", "/servers/", "/admin/", "/account/"):
        answer = program(secret).get(path)
        assert answer.status_code == 302
        assert "/login/" in answer["Location"]


def test_one_sees_and_revokes_ones_own_and_a_super_admin_everybodys(user: User) -> None:
    row, secret = made(user)
    other = user_with("ADMIN")
    client = signed_in(other)
    assert client.get(TOKENS).json()["tokens"] == []
    assert client.get(f"{TOKENS}?userId={user.pk}").status_code == 403
    assert client.get(f"{TOKENS}/{row.pk}").status_code == 404
    assert client.delete(f"{TOKENS}/{row.pk}").status_code == 404
    boss = signed_in(user_with("SUPER_ADMIN"))
    assert boss.get(TOKENS).json()["tokens"] == []
    (listed,) = boss.get(f"{TOKENS}?userId={user.pk}").json()["tokens"]
    assert (listed["id"], listed["username"]) == (str(row.pk), "mia")
    assert boss.get(f"{TOKENS}?userId=mia").status_code == 400
    assert boss.delete(f"{TOKENS}/{row.pk}").status_code == 204
    assert me(secret).status_code == 401


def test_a_revoked_token_lets_nobody_in_and_says_so_to_its_holder(user: User) -> None:
    row, secret = made(user)
    client = signed_in(user)
    assert client.delete(f"{TOKENS}/{row.pk}").status_code == 204
    assert client.delete(f"{TOKENS}/{row.pk}").status_code == 204
    answer = me(secret)
    assert answer.status_code == 401
    assert answer.json()["code"] == "AUTHENTICATION_FAILED"
    assert answer.json()["message"] == "The API token ci bot was revoked. Make a new one."
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    shown = client.get(f"{TOKENS}/{row.pk}").json()["token"]
    assert shown["isActive"] is False
    assert shown["revokedAt"]
    assert len(events("API_TOKEN_REVOKED")) == 1


def test_an_expired_token_says_so_to_its_holder(user: User) -> None:
    _row, secret = made(user, expires_at=timezone.now())
    answer = me(secret)
    assert answer.status_code == 401
    assert answer.json()["message"] == "The API token ci bot has expired. Make a new one."


def test_who_holds_no_token_learns_nothing(user: User) -> None:
    made(user)
    answer = me(token_text.make())
    assert answer.status_code == 401
    assert answer.json()["message"] == ("There is no such API token, or no longer. Make a new one.")


@pytest.mark.parametrize("wrong", ["{}x", "{} {}", "opsm_", "opsm_ä", "opsm_' OR 1=1"])
def test_a_mistyped_token_is_told_without_a_look_at_the_database(user: User, wrong: str) -> None:
    _row, secret = made(user)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = me(wrong.format(secret, secret))
    assert answer.status_code == 401
    assert answer.json()["code"] == "AUTHENTICATION_FAILED"
    assert not [q for q in asked if "apitoken" in q["sql"]]


def test_a_token_in_the_address_is_none(user: User) -> None:
    _row, secret = made(user)
    assert Client().get(f"{ME}?token={secret}&access_token={secret}").status_code == 401


def test_one_query_finds_token_user_and_rights(user: User) -> None:
    row, secret = made(user, last_used_at=timezone.now())
    # Enough of them that to look through all would be no plan.
    ApiToken.objects.bulk_create(
        ApiToken(user=user, name=f"t{n}", digest=f"{n:064}", expires_at=row.expires_at)
        for n in range(300)
    )
    with CaptureQueriesContext(connection) as asked:
        found = api_tokens.user_of(secret, address=None)
        assert found.role is not None
    assert found.role.name == "MANAGER"
    assert len(asked) == 1
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_apitoken")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {asked[0]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "accounts_apitoken_digest" in plan


def test_its_use_is_noted_at_most_once_a_minute(user: User) -> None:
    row, secret = made(user)
    assert me(secret).status_code == 200
    row.refresh_from_db()
    first = row.last_used_at
    assert first is not None
    assert row.last_used_address == "127.0.0.1"
    me(secret)
    row.refresh_from_db()
    assert row.last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=1))
    me(secret)
    row.refresh_from_db()
    assert row.last_used_at > first - timedelta(minutes=1)


def test_a_lesser_role_takes_the_token_down_with_it(user: User) -> None:
    _row, secret = made(user)
    user.groups.set([Group.objects.get(name="HELPDESK")])
    found = me(secret).json()
    assert "automation.execute_catalogentry" not in found["permissions"]
    assert found["role"] == "HELPDESK"
    user.groups.clear()
    assert me(secret).json()["permissions"] == []


def test_a_higher_role_gives_a_limited_token_nothing(user: User) -> None:
    _row, secret = made(user, permissions=["automation.view_execution", "audit.view_auditevent"])
    assert me(secret).json()["permissions"] == ["automation.view_execution"]
    user.groups.set([Group.objects.get(name="HELPDESK")])
    assert me(secret).json()["permissions"] == ["automation.view_execution"]


def test_it_ends_with_its_user_and_comes_back_with_nobody(user: User) -> None:
    row, secret = made(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert "is switched off" in me(secret).json()["message"]
    user.is_active = False
    user.save()
    user.is_active = True
    user.save()
    assert me(secret).status_code == 401
    row.refresh_from_db()
    assert row.revoked_at is not None
    (event,) = events("API_TOKEN_REVOKED")
    assert event.message == "The account was switched off."
    user.delete()
    assert me(secret).json()["message"].startswith("There is no such API token")


def test_it_outlives_another_password(user: User) -> None:
    _row, secret = made(user)
    browser = signed_in(user)
    words = {"new_password1": "another correct horse", "new_password2": "another correct horse"}
    browser.post("/account/password/", {"old_password": PASSWORD, **words})
    user.refresh_from_db()
    assert user.check_password("another correct horse")
    assert me(secret).status_code == 200


def test_making_and_revoking_are_told_in_the_trail(user: User) -> None:
    server = servers.server()
    shown = create(user, permissions=["servers.view_server"], serverIds=[str(server.pk)]).json()[
        "token"
    ]
    (event,) = events("API_TOKEN_CREATED")
    assert (event.actor_name, event.target_id) == ("mia", shown["id"])
    assert event.target_name == f"bot ({shown['start']}…)"
    assert event.details == {
        "permissions": ["servers.view_server"],
        "serverIds": [str(server.pk)],
        "serverGroupIds": None,
        "expiresAt": event.details["expiresAt"],
    }
    signed_in(user).delete(f"{TOKENS}/{shown['id']}")
    (event,) = events("API_TOKEN_REVOKED")
    assert (event.actor_name, event.details) == ("mia", {"user": "mia"})


def test_the_trail_says_by_which_token_a_user_acted() -> None:
    row, secret = made(user_with("ADMIN", name="ann"))
    program(secret).post("/api/v1/servers/groups", {"name": "new"}, JSON)
    (event,) = events("SERVER_GROUP_CREATED")
    assert (event.actor_type, event.actor_name) == ("USER", "ann")
    assert event.details["via"] == {"kind": "API_TOKEN", "id": str(row.pk), "name": "ci bot"}
    program(secret).get(TOKENS)
    (event,) = events("ACCESS_REFUSED")
    assert event.details["via"]["name"] == "ci bot"


def test_what_ended_a_month_ago_is_deleted(user: User) -> None:
    old, recent = timezone.now() - timedelta(days=31), timezone.now() - timedelta(days=29)
    token(user, expires_at=old)
    token(user, revoked_at=old)
    kept = {token(user, expires_at=recent).pk, token(user, revoked_at=recent).pk, token(user).pk}
    housekeeping.prune()
    assert set(ApiToken.objects.values_list("pk", flat=True)) == kept
