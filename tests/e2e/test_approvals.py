"""Two people: one asks for something on a guarded server, the other looks at it and decides."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import Reader
from tests.e2e.test_walk import wait_for_state
from tests.stack.demo import DOWN, Demo
from tests.stack.stack import PASSWORD, Stack

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

_EXPIRE = """
from datetime import timedelta
from django.utils import timezone
from automation.models import Approval
Approval.objects.filter(pk=given["approval"]).update(
    expires_at=timezone.now() - timedelta(seconds=1)
)
"""
_REASON = "The shop is down and nobody else is awake."


class Person(Reader):
    """A reader with a name."""

    name = ""

    @property
    def csrf(self) -> str:
        """The token that forms of the page on which this person is carry."""
        return self.page.locator("[name=csrfmiddlewaretoken]").first.input_value()

    def send(self, path: str, **fields: str) -> int:
        """Send a form that no page shows; return the status of the answer."""
        form = {"csrfmiddlewaretoken": self.csrf, **fields}
        headers = {"Referer": f"{self.address}/"}
        url = f"{self.address}{path}"
        return self.page.request.post(url, form=form, headers=headers).status


@pytest.fixture
def server(stack: Stack, demo: Demo) -> dict[str, Any]:
    """Return web-1, on which the shop is down and changes want the approval of another."""
    demo.stop("web-1", DOWN)
    one = demo.described["web-1"]
    return stack.server(
        "guarded",
        hostname=one["hostname"],
        port=one["port"],
        username=one["username"],
        private_key=demo.login_key("web-1"),
        approvals=1,
    )


@pytest.fixture
def people(stack: Stack, browser: Browser, server: dict[str, Any]) -> Iterator[list[Person]]:
    """Return alice and bob, two managers, each in a browser of their own."""
    found: list[Person] = []
    with ExitStack() as until_the_end:
        for _ in ("alice", "bob"):
            context = browser.new_context(viewport={"width": 1360, "height": 900})
            until_the_end.enter_context(context)
            person = Person(context, stack.address)
            person.name = stack.user("MANAGER")
            stack.grant(person.name, server)
            person.sign_in(person.name, PASSWORD)
            found.append(person)
        yield found
    assert [one for person in found for one in person.complaints] == []


def ask(person: Person, server: dict[str, Any]) -> str:
    """Run the shop's restart by its form; return the path of the approval that it waits for."""
    page = person.page
    person.visit(f"/runbooks/SERVICE_RESTART/?server={server['id']}")
    expect(page.locator("[data-approvals]")).to_contain_text("the approval of 1 other person")
    page.get_by_label("Service name").fill(DOWN)
    page.get_by_label("Reason").fill("The shop hangs.")
    page.locator("#run_form button[value=run]").click()
    page.locator("#confirm-box [data-yes]").click()
    page.wait_for_url("**/executions/*/")
    expect(page.locator(".outcome-words").first).to_contain_text("Waits for approval: 0 of 1")
    wait_for_state(page, "PENDING")
    path = page.get_by_role("link", name="See what is asked of others").get_attribute("href")
    assert path is not None
    return path


def test_one_asks_and_another_approves(people: list[Person], server: dict[str, Any]) -> None:
    alice, bob = people
    path = ask(alice, server)
    monitor = alice.page.url

    alice.visit(path)
    expect(alice.page.locator("#approval_state")).to_contain_text("somebody else has to approve it")
    expect(alice.page.locator("#vote_form")).to_have_count(0)
    assert alice.send(f"{path}vote/", answer="approve") == 403
    alice.page.goto(monitor)
    wait_for_state(alice.page, "PENDING")

    bob.visit("/")
    bob.page.locator(f"#needs_you a.btn[href='{path}']").click()
    expect(bob.page.get_by_role("heading", level=1)).to_contain_text("Restart a service")
    facts = bob.page.locator(".facts")
    expect(facts).to_contain_text(DOWN)
    expect(facts).to_contain_text("The shop hangs.")
    bob.page.get_by_role("button", name="Dry run").click()
    bob.page.wait_for_url("**/executions/*/")
    wait_for_state(bob.page, "DRY_RUN")
    wait_for_state(bob.page, "SUCCESS")
    bob.visit(path)
    expect(bob.page.locator("section", has_text="What would happen")).to_contain_text("Dry run")

    bob.page.locator("#vote_form").get_by_role("button", name="Reject").click()
    expect(bob.page.locator("#vote_form .field-error")).to_contain_text("Say why")
    bob.page.locator("#vote_form textarea").fill("I have seen the dry run.")
    bob.page.locator("#vote_form").get_by_role("button", name="Approve").click()
    expect(bob.page.locator("#approval_state")).to_contain_text("1 of 1 approved")
    expect(bob.page.locator("#approval_state")).to_contain_text("I have seen the dry run.")

    # Alice's monitor shows by itself that it goes on, to its end.
    wait_for_state(alice.page, "SUCCESS")
    wait_for_state(alice.page, "FIXED")
    # Chromium itself writes every answer of 422 to the console.
    bob.forgive("422")


def test_what_nobody_approved_in_time_is_refused_and_ended(
    stack: Stack, people: list[Person], server: dict[str, Any]
) -> None:
    alice, bob = people
    path = ask(alice, server)
    bob.visit(path)
    expect(bob.page.locator("#vote_form")).to_be_visible()
    stack.python(_EXPIRE, approval=path.split("/")[-2])

    bob.page.locator("#vote_form").get_by_role("button", name="Approve").click()
    expect(bob.page.locator("body")).to_contain_text("Have it asked for again.")
    expect(bob.page.locator("#vote_form")).to_have_count(0)

    # Beat ends it within ten seconds; the monitor says so by itself.
    wait_for_state(alice.page, "CANCELLED")
    expect(alice.page.locator(".outcome")).to_contain_text("nobody approved it in time")
    bob.visit(path)
    expect(bob.page.locator("[data-state=EXPIRED]")).to_be_visible()


def test_what_goes_on_without_approval_comes_to_another_for_review(
    people: list[Person], server: dict[str, Any]
) -> None:
    alice, bob = people
    path = ask(alice, server)
    alice.page.get_by_role("link", name="See what is asked of others").click()
    form = alice.page.locator("#bypass_form")
    form.get_by_text("It can't wait").click()
    form.get_by_label("Why can't it wait?").fill("now")
    form.get_by_role("button", name="Go on without approval").click()
    alice.page.locator("#confirm-box [data-yes]").click()
    expect(form.locator(".field-error")).to_contain_text("at least 10 characters")
    form.get_by_label("Why can't it wait?").fill(_REASON)
    form.get_by_role("button", name="Go on without approval").click()
    alice.page.locator("#confirm-box [data-yes]").click()
    expect(alice.page.locator("#approval_state")).to_contain_text(_REASON)
    expect(alice.page.locator("#review_form")).to_have_count(0)
    alice.page.get_by_role("link", name="See its monitor").click()
    wait_for_state(alice.page, "FIXED")
    alice.visit("/")
    expect(alice.page.locator(f"#needs_you a.btn[href='{path}']")).to_have_count(0)

    bob.visit("/")
    bob.page.locator(f"#needs_you a.btn[href='{path}']", has_text="Review").click()
    expect(bob.page.locator("#approval_state")).to_contain_text(_REASON)
    bob.page.get_by_label("What do you make of it?").fill("It was right.")
    bob.page.get_by_role("button", name="Keep the review").click()
    expect(bob.page.locator("#approval_state")).to_contain_text("reviewed that")
    expect(bob.page.locator("#approval_state")).to_contain_text("It was right.")
    bob.visit("/")
    expect(bob.page.locator(f"#needs_you a.btn[href='{path}']")).to_have_count(0)
    alice.forgive("422")
