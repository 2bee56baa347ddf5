from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import Settings

from opsmanager.accounts.sso import provider as known
from tests.support.oidc.flow import Walk
from tests.support.oidc.running import Provider, provider


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with provider() as started:
        started.register("http://localhost:8000/login/sso/answer/")
        yield started


@pytest.fixture
def sso(settings: Settings, running: Provider) -> Iterator[Provider]:
    settings.PUBLIC_URL = "http://localhost:8000"
    settings.OIDC_ISSUER = running.issuer
    settings.OIDC_CLIENT_ID = running.client_id
    settings.OIDC_CLIENT_SECRET = running.client_secret
    settings.OIDC_ROLES = {"noc-team": ("NOC",), "ops-admins": ("ADMIN", "NOC")}
    settings.OIDC_NAME = "Example ID"
    running.faults()
    known.forget()
    yield running
    known.forget()


@pytest.fixture
def walk(sso: Provider) -> Walk:
    return Walk(browser=Client(), provider=sso)
