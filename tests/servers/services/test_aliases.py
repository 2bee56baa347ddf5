"""A name by which alerts call a server stands for that server alone."""

import pytest

from opsmanager.accounts.models import User
from opsmanager.common.problems import Invalid
from servers.services import servers as services
from tests.support import servers
from tests.support.users import user_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return user_with("ADMIN", name="ann")


def test_aliases_are_kept_in_lower_case_each_once(ann: User) -> None:
    row = services.save(
        actor=ann,
        server=servers.server("web1"),
        aliases=[" Front ", "front", "", "2001:DB8::7", "web1.old.example"],
    )
    row.refresh_from_db()
    assert row.aliases == ["front", "2001:db8::7", "web1.old.example"]


@pytest.mark.parametrize("alias", ["web2", "WEB2", "web2.example", "back"])
def test_an_alias_is_no_name_of_another_server(ann: User, alias: str) -> None:
    servers.server("web2", aliases=["back"])
    row = servers.server("web1")
    with pytest.raises(Invalid, match=r"is a name of web2 already\. Alerts could mean") as refused:
        services.save(actor=ann, server=row, aliases=["mine", alias])
    assert list(refused.value.details) == ["aliases"]
    row.refresh_from_db()
    assert row.aliases == []


def test_a_name_is_no_alias_of_another_server(ann: User) -> None:
    servers.server("web2", aliases=["back"])
    with pytest.raises(Invalid) as refused:
        services.save(actor=ann, name="Back", hostname="back.example")
    assert list(refused.value.details) == ["name"]


def test_its_own_names_are_no_hindrance(ann: User) -> None:
    row = services.save(actor=ann, server=servers.server("web1"), aliases=["web1", "web1.example"])
    services.save(actor=ann, server=row, aliases=[*row.aliases, "front"])
    assert row.aliases == ["web1", "web1.example", "front"]


@pytest.mark.parametrize(
    "aliases", [["a b"], ["web1;reboot"], ["-x"], ["x" * 254], [f"a{n}" for n in range(21)]]
)
def test_what_is_no_name_is_refused(ann: User, aliases: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        services.save(actor=ann, server=servers.server("web1"), aliases=aliases)
    assert list(refused.value.details) == ["aliases"]
