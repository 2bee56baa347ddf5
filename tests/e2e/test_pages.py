"""Each page works in a real browser: no error, nothing against its policy or from elsewhere."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Reader
from tests.stack.demo import Demo
from tests.stack.stack import Stack

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/runbooks/",
        "/runbooks/SERVICE_RESTART/",
        "/runbooks/HEALTH_CHECK/",
        "/runbooks/SERVICE_RESTART/batch/",
        "/executions/",
        "/analytics/",
        "/batches/",
        "/incidents/",
        "/incidents/?status=all",
        "/audit/",
        "/audit/chain/",
        "/account/",
        "/account/tokens/new/",
        "/servers/",
        "/servers/add/",
        "/admin/",
        "/admin/automation/catalogentry/",
        "/admin/servers/server/",
        "/admin/servers/credential/",
        "/admin/accounts/user/",
        "/admin/accounts/user/add/",
        "/admin/accounts/apitoken/",
    ],
)
def test_a_page_is_sound(demo: Demo, reader: Reader, path: str) -> None:
    reader.visit(path)
    reader.page.wait_for_load_state("networkidle")

    expect(reader.page.get_by_role("heading", level=1).first).to_be_visible()


@pytest.mark.parametrize("path", ["/api/v1/docs/", "/api/v1/redoc/"])
def test_the_documentation_of_the_api_is_shown(demo: Demo, reader: Reader, path: str) -> None:
    reader.visit(path)

    expect(reader.page.get_by_text("OpsManager API").first).to_be_visible()
    expect(reader.page.get_by_text("automation/executions").first).to_be_visible()


def test_the_pages_of_single_things_are_sound(stack: Stack, demo: Demo, reader: Reader) -> None:
    execution = stack.api().run("HEALTH_CHECK", demo.servers["app-1"])
    for path in (
        f"/executions/{execution['id']}/",
        f"/servers/{demo.servers['web-1']['id']}/",
        f"/servers/{demo.servers['web-1']['id']}/edit/",
    ):
        reader.visit(path)
        reader.page.wait_for_load_state("networkidle")
        expect(reader.page.get_by_role("heading", level=1).first).to_be_visible()


def test_a_page_that_does_not_exist_says_so(reader: Reader) -> None:
    answer = reader.page.goto(f"{reader.address}/nowhere/")

    assert answer is not None
    assert answer.status == 404
    expect(reader.page.get_by_role("heading", level=1)).to_be_visible()
    reader.forgive("404")


def test_the_home_page_says_that_all_is_well_and_stays_live(reader: Reader) -> None:
    reader.visit("/")
    with reader.page.expect_response("**/now/") as polled:
        pass

    assert polled.value.status in (200, 204)
