from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from automation.engine.results import Status
from automation.models import Approval, Execution, WorkflowRun, WorkflowStep
from automation.services import approvals
from opsmanager.accounts.models import User
from servers.models import Server
from tests.automation import makers
from tests.automation.web.test_runbooks import HTMX
from tests.automation.web.test_templates import text_of
from tests.support.users import signed_in

As = Callable[[str], Client]
REASON = "The shop is down and nobody else is awake."

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.fixture
def alice() -> User:
    return makers.admin(username="alice")


@pytest.fixture
def bob() -> User:
    return makers.user("MANAGER", username="bob")


@pytest.fixture
def guarded() -> Server:
    return makers.server(approvals=1)


def asked(actor: User, server: Server, **fields: Any) -> Approval:
    execution = makers.execution(
        server=server,
        triggered_by_user=actor,
        waiting_since=None,
        parameters={"path": "/tmp/guarded"},
        **fields,
    )
    return makers.approval(execution, message="alert 4711", needed=server.approvals)


def page_of(user: User, approval: Approval) -> str:
    return text_of(signed_in(user).get(f"/approvals/{approval.pk}/"))


def test_the_page_says_exactly_what_is_going_to_happen_and_why(
    alice: User, bob: User, guarded: Server
) -> None:
    page = page_of(bob, asked(alice, guarded))
    for said in ("Mend a file", guarded.name, "/tmp/guarded", "alice", "alert 4711", "0 of 1"):
        assert said in page
    assert "No dry run of it was made yet." in page


def test_who_asked_is_told_that_another_decides_and_may_only_break_the_glass(
    alice: User, bob: User, guarded: Server
) -> None:
    row = asked(alice, guarded)
    own, other = page_of(alice, row), page_of(bob, row)
    assert "somebody else has to approve it" in own
    assert ('id="vote_form"' in own, 'id="bypass_form"' in own) == (False, True)
    assert ('id="vote_form"' in other, 'id="bypass_form"' in other) == (True, True)
    noc = page_of(makers.user("NOC"), row)
    assert "Your role may not approve" in noc
    assert ('id="vote_form"' in noc, 'id="bypass_form"' in noc) == (False, True)


def test_a_rejection_without_a_reason_is_shown_beside_its_field(
    alice: User, bob: User, guarded: Server
) -> None:
    row = asked(alice, guarded)
    url, said = f"/approvals/{row.pk}/vote/", {"answer": "reject", "reason": " "}
    answer = signed_in(bob).post(url, said, headers=HTMX)
    assert (answer.status_code, text_of(answer).lstrip()[:5]) == (422, "<form")
    assert "Say why: who asked reads it." in text_of(answer)
    whole = signed_in(bob).post(url, said)
    assert whole.status_code == 422
    assert "<html" in text_of(whole)
    answer = signed_in(bob).post(url, {"answer": "reject", "reason": "Not now."})
    assert answer["Location"] == f"/approvals/{row.pk}/"
    row.refresh_from_db()
    assert row.state == "REJECTED"
    assert "Not now." in page_of(alice, row)


def test_anything_but_approve_approves_nothing(alice: User, bob: User, guarded: Server) -> None:
    row = asked(alice, guarded)
    for answer in ("", "yes", "APPROVE"):
        signed_in(bob).post(f"/approvals/{row.pk}/vote/", {"answer": answer})
    assert row.votes.count() == 0


def test_what_one_may_not_do_is_refused_though_no_button_offers_it(
    alice: User, guarded: Server
) -> None:
    row = asked(alice, guarded)
    answer = signed_in(alice).post(f"/approvals/{row.pk}/vote/", {"answer": "approve"})
    assert answer.status_code == 403
    assert "somebody else has to approve it" in text_of(answer)
    row.refresh_from_db()
    assert row.state == "PENDING"


def test_after_its_time_the_page_offers_nothing(alice: User, bob: User, guarded: Server) -> None:
    row = asked(alice, guarded)
    Approval.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    row.refresh_from_db()
    page = page_of(bob, row)
    assert "it can&#x27;t be approved any more" in page or "can't be approved any more" in page
    assert 'id="vote_form"' not in page
    assert 'id="bypass_form"' not in page
    answer = signed_in(bob).post(f"/approvals/{row.pk}/vote/", {"answer": "approve"}, follow=True)
    assert "Have it asked for again." in text_of(answer)


def test_the_glass_is_broken_with_a_reason_and_another_reviews_it(
    alice: User, bob: User, guarded: Server
) -> None:
    row = asked(alice, guarded)
    mine, others = signed_in(alice), signed_in(bob)
    refused = mine.post(f"/approvals/{row.pk}/bypass/", {"reason": "now"}, headers=HTMX)
    assert refused.status_code == 422
    assert "at least 10 characters" in text_of(refused)
    mine.post(f"/approvals/{row.pk}/bypass/", {"reason": REASON})
    assert 'id="review_form"' not in page_of(alice, row)
    assert "Somebody else has to review that." in page_of(alice, row)
    page = page_of(bob, row)
    assert REASON in page
    assert 'id="review_form"' in page
    listed = text_of(others.get("/approvals/"))
    assert "To review" in listed
    assert others.post(f"/approvals/{row.pk}/review/", {"note": ""}).status_code == 422
    others.post(f"/approvals/{row.pk}/review/", {"note": "It was right."})
    assert "It was right." in page_of(alice, row)
    assert "To review" not in text_of(others.get("/approvals/"))


def test_what_waits_comes_first_then_what_is_to_be_reviewed_then_the_rest(
    alice: User, bob: User
) -> None:
    rows = {}
    for state in ("APPROVED", "BYPASSED", "PENDING", "REJECTED"):
        row = asked(alice, makers.server(name=state.lower(), approvals=1))
        Approval.objects.filter(pk=row.pk).update(state=state, title=f"It is {state}")
        rows[state] = row
    page = text_of(signed_in(bob).get("/approvals/"))
    order = sorted(rows, key=lambda state: page.index(f"It is {state}"))
    assert order == ["PENDING", "BYPASSED", "REJECTED", "APPROVED"]
    one = text_of(signed_in(bob).get("/approvals/?state=APPROVED", headers=HTMX))
    assert "It is APPROVED" in one
    assert "It is PENDING" not in one
    assert "It is REJECTED" in text_of(signed_in(bob).get("/approvals/?search=is+rej"))
    assert "No approval fits" in text_of(signed_in(bob).get("/approvals/?search=nothing"))


def test_the_dry_run_that_it_is_to_repeat_is_shown(alice: User, bob: User, guarded: Server) -> None:
    dry = makers.execution(
        server=guarded, status=Status.SUCCESS, is_dry_run=True, result_summary="It would mend."
    )
    page = page_of(bob, asked(alice, guarded, dry_run=dry))
    assert f"/executions/{dry.pk}/" in page
    assert "It would mend." in page


def test_who_may_run_it_makes_a_dry_run_of_just_that(
    alice: User, bob: User, guarded: Server
) -> None:
    row = asked(alice, guarded)
    url = f"/approvals/{row.pk}/dry-run/"
    assert url not in page_of(bob, row)
    manager = makers.user("MANAGER", operates=guarded)
    assert url in page_of(manager, row)
    answer = signed_in(manager).post(url)
    dry = Execution.objects.get(is_dry_run=True)
    assert answer["Location"] == f"/executions/{dry.pk}/"
    assert (dry.server, dry.parameters) == (guarded, {"path": "/tmp/guarded"})
    assert dry.waiting_since is not None
    assert f"/executions/{dry.pk}/" in page_of(bob, row)


def test_the_monitor_says_what_it_waits_for_and_leads_there(alice: User, guarded: Server) -> None:
    row = asked(alice, guarded)
    assert row.execution is not None
    page = text_of(signed_in(alice).get(f"/executions/{row.execution.pk}/"))
    assert "Waits for approval: 0 of 1, by somebody other than alice; expires " in page
    assert f"/approvals/{row.pk}/" in page
    server = text_of(signed_in(alice).get(f"/servers/{guarded.pk}/now/"))
    assert "Waits for approval: 0 of 1" in server


def test_the_home_page_shows_what_i_may_give_and_what_i_am_to_review(
    alice: User, bob: User, guarded: Server
) -> None:
    waits, passed = asked(alice, guarded), asked(alice, makers.server(approvals=1))
    approvals.bypass(actor=alice, approval=passed, reason=REASON)
    homes = {user.username: text_of(signed_in(user).get("/")) for user in (alice, bob)}
    homes["noc"] = text_of(signed_in(makers.user("NOC")).get("/"))
    for row, word in ((waits, "Approve or reject"), (passed, "Review")):
        assert f'class="btn btn-small" href="/approvals/{row.pk}/"' in homes["bob"]
        assert word in homes["bob"]
        assert f"/approvals/{row.pk}/" not in homes["alice"]
        assert f"/approvals/{row.pk}/" not in homes["noc"]
    # Everybody sees why it is held.
    assert "Waits for approval: 0 of 1" in homes["noc"]


def test_the_run_form_warns_before_it_is_sent(alice: User, guarded: Server) -> None:
    browser = signed_in(alice)
    path = "/runbooks/SAMPLE_MENDING/"
    assert "Wants the approval of" not in text_of(browser.get(path))
    asked_there = text_of(browser.get(f"{path}?server={guarded.pk}"))
    assert "Wants the approval of 1 other person before it runs." in asked_there
    makers.entry(approvals=2)
    assert "Wants the approval of 2 other people" in text_of(browser.get(path))
    looks = text_of(browser.get(f"/runbooks/SAMPLE_LOOKING/?server={guarded.pk}"))
    assert "Wants the approval of" not in looks


def test_of_a_workflow_the_page_names_the_run_and_the_node(alice: User, bob: User) -> None:
    run = WorkflowRun.objects.create(
        name="Night work", version=1, definition={}, triggered_by_user=alice
    )
    step = WorkflowStep.objects.create(run=run, key="ask_somebody", position=1)
    row = approvals.ask(
        title="Shall it go on?",
        message="The disk is full.",
        needed=1,
        asked_by=alice,
        seconds=3600,
        step=step,
    )
    page = page_of(bob, row)
    for said in ("Night work", "ask_somebody", "Shall it go on?", "The disk is full."):
        assert said in page
    assert f"/workflow-runs/{run.pk}/" in page
    assert signed_in(bob).post(f"/approvals/{row.pk}/dry-run/").status_code == 302
    assert "Night work" in text_of(signed_in(bob).get("/approvals/"))
    assert "Shall it go on?" in text_of(signed_in(bob).get("/"))


def test_a_link_in_a_message_leads_over_the_login_to_its_page(alice: User, guarded: Server) -> None:
    row = asked(alice, guarded)
    answer = Client().get(f"/approvals/{row.pk}/")
    assert answer.status_code == 302
    assert answer["Location"].endswith(f"?next=/approvals/{row.pk}/")


def test_the_forms_of_templates_and_schedules_name_the_servers_that_want_an_approval(
    alice: User, guarded: Server
) -> None:
    path = "/confirm-place/?runbook=SAMPLE_MENDING&own-server="
    free = makers.server()
    page = text_of(signed_in(alice).get(f"{path}{guarded.pk}"))
    assert f"the approval of others before it runs on {guarded.name}." in page
    assert "the approval of others" not in text_of(signed_in(alice).get(f"{path}{free.pk}"))
