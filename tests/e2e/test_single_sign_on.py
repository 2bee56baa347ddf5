"""A login by single sign-on in a real browser, at a real provider, with and without JavaScript."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Route, expect

from opsmanager.embedded import port as ports
from tests.e2e.browser import Reader
from tests.stack.stack import Stack, running
from tests.support.oidc.running import Provider, provider

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("alone")]


@pytest.fixture(scope="module")
def known() -> Iterator[Provider]:
    with provider() as started:
        yield started


@pytest.fixture(scope="module")
def with_provider(tmp_path_factory: pytest.TempPathFactory, known: Provider) -> Iterator[Stack]:
    port = ports.free()
    known.register(f"http://127.0.0.1:{port}/login/sso/answer/")
    settings = {
        "OPSMANAGER_OIDC_ISSUER": known.issuer,
        "OPSMANAGER_OIDC_CLIENT_ID": known.client_id,
        "OPSMANAGER_OIDC_CLIENT_SECRET": known.client_secret,
        "OPSMANAGER_OIDC_ROLES": "noc-team=NOC",
        "OPSMANAGER_OIDC_NAME": "Example ID",
    }
    folder: Path = tmp_path_factory.mktemp("stack")
    with running(folder, port=port, **settings) as started:
        yield started


def without_strangers(context: BrowserContext) -> None:
    """Let the provider's page do without the style that it would have from elsewhere."""

    def nothing(route: Route) -> None:
        route.fulfill(body="", content_type="text/css")

    context.route("https://cdn.jsdelivr.net/**", nothing)


@pytest.mark.parametrize("scripts", [True, False])
def test_somebody_logs_in_at_the_provider_and_comes_back_to_the_page(
    with_provider: Stack, known: Provider, browser: Browser, *, scripts: bool
) -> None:
    subject = f"ann-{scripts}".lower()
    known.person(subject, "noc-team")
    with browser.new_context(java_script_enabled=scripts) as context:
        without_strangers(context)
        reader = Reader(context, with_provider.address)
        page = reader.page
        page.goto(f"{with_provider.address}/executions/")
        page.get_by_role("button", name="Log in with Example ID").click()
        page.wait_for_url(f"{known.issuer}/**")
        page.get_by_placeholder("sub").fill(subject)
        page.get_by_role("button", name="Authorize").click()
        page.wait_for_url(f"{with_provider.address}/executions/")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.goto(f"{with_provider.address}/account/")
        expect(page.get_by_text(f"{subject}, NOC")).to_be_visible()
        # The provider's page is no part of ours; what it asks of itself is its own business.
        ours = [each for each in reader.complaints if known.issuer not in each]
        assert ours == []
        assert not any("Content Security Policy" in each for each in reader.complaints)


def test_who_has_no_group_reads_what_to_do(
    with_provider: Stack, known: Provider, browser: Browser
) -> None:
    known.person("nobody", "lunch")
    with browser.new_context() as context:
        without_strangers(context)
        page = Reader(context, with_provider.address).page
        page.goto(f"{with_provider.address}/login/")
        page.get_by_role("button", name="Log in with Example ID").click()
        page.get_by_placeholder("sub").fill("nobody")
        page.get_by_role("button", name="Authorize").click()
        expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
        expect(page.get_by_text("None of your groups gives you a role")).to_be_visible()
        page.get_by_role("link", name="Go to the login page").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
