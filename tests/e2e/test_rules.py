"""From an incident that a runbook fixed to a rule that fixes the next one like it by itself."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Reader
from tests.e2e.test_walk import shop
from tests.stack.demo import DOWN, Demo
from tests.stack.stack import Stack
from tests.support.unique import unique

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

_OPEN = """
from django.utils import timezone
from incidents.models import Incident
from incidents.services import incidents
from servers.models import Server
incident = incidents.open_incident(
    title=given["title"],
    severity="HIGH",
    source="test",
    fingerprint=given["fingerprint"],
    server=Server.objects.get(pk=given["server"]),
    labels={"unit": given["unit"], "service": given["title"]},
)
Incident.objects.filter(pk=incident.pk).update(look_again_at=timezone.now())
print(incident.pk)
"""
_RESOLVE = """
from incidents.models import Incident
from incidents.services import incidents
incidents.close(Incident.objects.get(pk=given["pk"]), "It is over.")
"""


def opened(stack: Stack, title: str, server: str) -> str:
    """Open an incident as an alert would, due to be looked at by rules; return its id."""
    found = stack.python(_OPEN, title=title, fingerprint=unique(title), server=server, unit=DOWN)
    return found.split()[-1]


def test_a_rule_is_made_of_an_incident_tried_switched_on_and_acts(
    stack: Stack, demo: Demo, reader: Reader
) -> None:
    title, page = unique("The shop fell over"), reader.page
    server = shop(stack, demo)
    first = opened(stack, title, server["id"])
    run = stack.api().run(
        "SERVICE_RESTART", server, parameters={"serviceName": DOWN}, incidentId=first
    )
    assert run["verdict"] == "FIXED"
    stack.python(_RESOLVE, pk=first)

    reader.visit(f"/incidents/{first}/")
    page.get_by_role("link", name="Create a rule from this incident").click()
    expect(page.get_by_label("Parameters")).to_contain_text("serviceName = {{ labels.unit }}")
    expect(page.get_by_label("Labels")).to_contain_text(f"service = {title}")
    name = unique("Restart the shop")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)

    page.get_by_role("button", name="30 days").click()
    tried = page.locator("#try_out")
    expect(tried).to_contain_text("It would have started 1 time")
    expect(tried).to_contain_text(title)
    expect(tried.locator("[data-state=FIXED]")).to_be_visible()

    if page.get_by_label("I mean it").count():
        page.get_by_label("I mean it").check()
    page.get_by_role("button", name="Automatic").click()
    page.get_by_role("button", name="Switch it on").click()
    expect(page.locator(".page-head-sub [data-state=AUTOMATIC]")).to_be_visible()

    # Another row for the same machine: the first is in its cooldown.
    second = opened(stack, title, shop(stack, demo)["id"])
    until_resolved(page, f"{stack.address}/incidents/{second}/")
    expect(page.locator("#timeline")).to_contain_text(f"The rule {name} fixed it.")
    expect(page.locator("#rules")).to_contain_text(name)

    page.locator("#rules").get_by_role("link", name=name).click()
    expect(page.locator("#decisions [data-state=STARTED]")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rules")


def until_resolved(page: Page, address: str) -> None:
    """Look at the incident until it is resolved."""
    deadline = time.monotonic() + 120
    resolved = page.locator("#incident_state [data-state=RESOLVED]")
    page.goto(address)
    while not resolved.count():
        assert time.monotonic() < deadline, page.locator("main").inner_text()
        page.wait_for_timeout(1000)
        page.goto(address)
