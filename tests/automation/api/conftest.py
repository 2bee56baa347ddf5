"""Clients of the API as each kind of user."""

from collections.abc import Callable

import pytest
from django.test import Client

from opsmanager.accounts.models import User
from servers.models import Server
from tests.automation import makers
from tests.support.users import signed_in

API = "/api/v1/automation"
PERSONAS = ("admin", "granted", "stranger", "helpdesk", "hr", "anonymous")
"""An administrator; NOC with and without the server; HELPDESK; HR; nobody."""


@pytest.fixture
def server(rows: None) -> Server:
    return makers.server()


@pytest.fixture
def persona(server: Server) -> Callable[[str], User | None]:
    """The user of a persona."""
    made: dict[str, User | None] = {"anonymous": None}
    roles = {
        "admin": "ADMIN",
        "granted": "NOC",
        "stranger": "NOC",
        "manager": "MANAGER",
        "helpdesk": "HELPDESK",
        "hr": "HR",
    }

    def of(name: str) -> User | None:
        if name not in made:
            operates = server if name == "granted" else None
            made[name] = makers.user(roles[name], operates=operates)
        return made[name]

    return of


@pytest.fixture
def as_(persona: Callable[[str], User | None]) -> Callable[[str], Client]:
    """A client of the API that is signed in as a persona."""

    def of(name: str) -> Client:
        user = persona(name)
        return Client() if user is None else signed_in(user)

    return of
