from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from automation.engine.results import Status
from automation.models import (
    Approval,
    ApprovalState,
    Execution,
    Trigger,
    WorkflowRun,
    WorkflowStep,
)
from automation.runner.claim import claim
from automation.services import approvals, deleting
from automation.services.batches import BatchLaunch
from automation.services.batches import cancel as cancel_batch
from automation.services.batches import launch as launch_batch
from automation.services.executions import Launch, cancel, launch
from automation.services.retrying import retry
from automation.signals import approval_decided, execution_finished
from opsmanager.accounts import roles
from opsmanager.accounts.models import User
from opsmanager.audit.models import AuditEvent
from opsmanager.common.problems import Invalid, InvalidState, NotFound, NotPermitted
from servers.models import Server
from tests.automation import makers
from tests.support.api_tokens import by_token

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

REASON = "The shop is down and nobody else is awake."


@pytest.fixture
def alice() -> User:
    return makers.admin(username="alice")


@pytest.fixture
def bob() -> User:
    return makers.user("MANAGER", username="bob")


@pytest.fixture
def server() -> Server:
    return makers.server(approvals=1)


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    sent: list[Any] = []
    monkeypatch.setattr("automation.wakeups.send", sent.extend)
    return sent


@pytest.fixture
def ended() -> Iterator[list[str]]:
    heard: list[str] = []

    def listen(execution: Execution, **_: Any) -> None:
        heard.append(execution.status)

    execution_finished.connect(listen)
    yield heard
    execution_finished.disconnect(listen)


def asked(actor: User, server: Server, **fields: Any) -> Execution:
    values = {"runbook": makers.entry(), "parameters": {"path": "/tmp/x"}, **fields}
    return launch(Launch(actor=actor, server=server, **values))


def approval_of(execution: Execution) -> Approval:
    return Approval.objects.get(execution=execution)


def expire(approval: Approval) -> None:
    Approval.objects.filter(pk=approval.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def a_step(user: User, **run: Any) -> WorkflowStep:
    made = WorkflowRun.objects.create(
        name="Night work",
        version=1,
        definition={},
        **{"triggered_by": Trigger.MANUAL, "triggered_by_user": user, **run},
    )
    return WorkflowStep.objects.create(run=made, key="approve_it", position=1)


def of_step(user: User, **run: Any) -> Approval:
    return approvals.ask(
        title="Night work: go on?",
        message="The disk is full.",
        needed=1,
        asked_by=user,
        seconds=60,
        step=a_step(user, **run),
    )


@pytest.mark.usefixtures("woken")
def test_what_wants_approval_waits_where_no_worker_can_claim_it(
    alice: User, server: Server, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        execution = asked(alice, server, reason="alert 4711")
    execution.refresh_from_db()
    assert (execution.status, execution.waiting_since) == (Status.PENDING, None)
    assert callbacks == []
    assert claim(execution.pk, worker="w") is None
    row = approval_of(execution)
    assert (row.state, row.needed, row.asked_by) == (ApprovalState.PENDING, 1, alice)
    assert row.title == f"Mend a file on {server.name}"
    assert row.message == "alert 4711"
    event = makers.last_event("AUTOMATION_APPROVAL_REQUESTED")
    assert (event.actor_name, event.details["execution"]) == ("alice", str(execution.pk))
    assert makers.last_event("AUTOMATION_EXECUTION_STARTED").details["approvals"] == 1


def test_it_expires_after_as_many_hours_as_the_setting_says(
    alice: User, server: Server, settings: Settings
) -> None:
    settings.AUTOMATION_APPROVAL_HOURS = 3
    row = approval_of(asked(alice, server))
    assert row.expires_at - row.asked_at == timedelta(hours=3)


@pytest.mark.parametrize(
    ("runbook", "of_runbook", "of_server", "is_dry_run", "needed"),
    [
        ("SAMPLE_MENDING", 0, 0, False, 0),
        ("SAMPLE_MENDING", 1, 0, False, 1),
        ("SAMPLE_MENDING", 1, 3, False, 3),
        ("SAMPLE_MENDING", 2, 1, False, 2),
        ("SAMPLE_MENDING", 2, 2, True, 0),
        ("SAMPLE_LOOKING", 0, 2, False, 0),
        ("SAMPLE_LOOKING", 1, 2, False, 1),
    ],
)
def test_the_more_careful_of_runbook_and_server_says_how_many(
    alice: User, runbook: str, of_runbook: int, of_server: int, is_dry_run: bool, needed: int
) -> None:
    execution = asked(
        alice,
        makers.server(approvals=of_server),
        runbook=makers.entry(runbook, approvals=of_runbook),
        parameters={"path": "/tmp/x"} if runbook == "SAMPLE_MENDING" else {},
        is_dry_run=is_dry_run,
    )
    execution.refresh_from_db()
    row = Approval.objects.filter(execution=execution).first()
    assert (row.needed if row else 0) == needed
    assert (execution.waiting_since is None) is (needed > 0)


def test_once_as_many_have_approved_as_are_needed_it_is_queued(
    alice: User,
    bob: User,
    woken: list[Any],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    execution = asked(alice, makers.server(approvals=2))
    before = approvals.vote(actor=bob, approval=approval_of(execution), approves=True)
    assert (before.state, before.given) == (ApprovalState.PENDING, 1)
    execution.refresh_from_db()
    assert execution.waiting_since is None
    assert execution.revision == 1

    with django_capture_on_commit_callbacks(execute=True):
        after = approvals.vote(
            actor=makers.admin(username="carol"),
            approval=before,
            approves=True,
            reason="I have seen the dry run.",
        )

    assert after.state == ApprovalState.APPROVED
    assert after.decided_at is not None
    execution.refresh_from_db()
    assert execution.waiting_since is not None
    assert woken == [(execution.pk, execution.priority, "")]
    assert claim(execution.pk, worker="w") is not None
    events = AuditEvent.objects.filter(verb="AUTOMATION_APPROVAL_GRANTED").order_by("seq")
    assert [(e.actor_name, e.details["given"]) for e in events] == [("bob", 1), ("carol", 2)]


def test_one_rejection_ends_it_and_says_who_and_why(
    alice: User, bob: User, ended: list[str]
) -> None:
    execution = asked(alice, makers.server(approvals=2))
    row = approval_of(execution)
    with pytest.raises(Invalid, match="Say why you do not approve it"):
        approvals.vote(actor=bob, approval=row, approves=False, reason="  ")
    assert row.votes.count() == 0

    after = approvals.vote(actor=bob, approval=row, approves=False, reason="The sale is on.")

    assert after.state == ApprovalState.REJECTED
    execution.refresh_from_db()
    assert execution.status == Status.CANCELLED
    assert execution.result_summary == "Not begun: bob did not approve it: The sale is on."
    assert execution.finished_at is not None
    assert ended == [Status.CANCELLED]
    assert makers.last_event("AUTOMATION_APPROVAL_REJECTED").message == "The sale is on."
    assert makers.last_event("AUTOMATION_EXECUTION_CANCELLED").actor_name == "bob"


def test_who_asked_may_not_approve_it_and_the_try_is_audited(alice: User, server: Server) -> None:
    row = approval_of(asked(alice, server))
    for approves in (True, False):
        with pytest.raises(NotPermitted, match="somebody else has to approve it") as caught:
            approvals.vote(actor=alice, approval=row, approves=approves, reason="Mine.")
        assert caught.value.code == "SELF_APPROVAL"
    row.refresh_from_db()
    assert (row.state, row.votes.count()) == (ApprovalState.PENDING, 0)
    event = makers.last_event("AUTOMATION_APPROVAL_REFUSED")
    assert (event.actor_name, event.outcome) == ("alice", "REFUSED")


def test_for_whom_it_starts_by_itself_may_not_approve_it(
    alice: User, bob: User, server: Server
) -> None:
    execution = asked(alice, server, trigger=Trigger.SCHEDULED, trigger_name="Nightly")
    row = approval_of(execution)
    assert (execution.triggered_by_user, execution.on_behalf_of) == (None, alice)
    assert makers.last_event("AUTOMATION_APPROVAL_REQUESTED").actor_name == "Nightly"
    with pytest.raises(NotPermitted) as caught:
        approvals.vote(actor=alice, approval=row, approves=True)
    assert caught.value.code == "SELF_APPROVAL"
    # Also where another one is written down as who asked.
    Approval.objects.filter(pk=row.pk).update(asked_by=bob)
    with pytest.raises(NotPermitted):
        approvals.vote(actor=alice, approval=row, approves=True)


@pytest.mark.parametrize("who", ["triggered_by_user", "on_behalf_of"])
def test_who_runs_a_workflow_may_not_approve_its_steps(alice: User, bob: User, who: str) -> None:
    row = of_step(bob, **{"triggered_by_user": None, who: alice})
    with pytest.raises(NotPermitted) as caught:
        approvals.vote(actor=alice, approval=row, approves=True)
    assert caught.value.code == "SELF_APPROVAL"


def test_by_an_api_token_one_is_the_same_person(alice: User, bob: User, server: Server) -> None:
    row = approval_of(asked(alice, server))
    with pytest.raises(NotPermitted) as caught:
        approvals.vote(actor=by_token(alice), approval=row, approves=True)
    assert caught.value.code == "SELF_APPROVAL"
    looks = by_token(bob, permissions=[roles.VIEW_APPROVALS, roles.VIEW_EXECUTIONS])
    with pytest.raises(NotPermitted, match="Your role may not approve"):
        approvals.vote(actor=looks, approval=row, approves=True)
    assert approvals.vote(actor=by_token(bob), approval=row, approves=True).state == "APPROVED"


@pytest.mark.parametrize("role", ["NOC", "HELPDESK", "HR"])
def test_only_managers_and_administrators_approve(alice: User, server: Server, role: str) -> None:
    row = approval_of(asked(alice, server))
    with pytest.raises(NotPermitted, match="Your role may not approve"):
        approvals.vote(actor=makers.user(role), approval=row, approves=True)


def test_nobody_says_twice(alice: User, bob: User) -> None:
    row = approval_of(asked(alice, makers.server(approvals=2)))
    approvals.vote(actor=bob, approval=row, approves=True)
    for approves in (True, False):
        with pytest.raises(InvalidState, match="You have said already") as caught:
            approvals.vote(actor=bob, approval=row, approves=approves, reason="Again.")
        assert caught.value.code == "ALREADY_VOTED"
    assert approval_of(row.execution).votes.count() == 1  # type: ignore[arg-type]


def test_what_is_decided_stays_decided(alice: User, bob: User, server: Server) -> None:
    row = approval_of(asked(alice, server))
    approvals.vote(actor=bob, approval=row, approves=True)
    with pytest.raises(InvalidState, match="It is approved already"):
        approvals.vote(actor=makers.admin(), approval=row, approves=False, reason="No.")
    with pytest.raises(InvalidState, match="It is approved already"):
        approvals.bypass(actor=alice, approval=row, reason=REASON)


def test_after_its_time_it_is_refused_though_nothing_has_marked_it_yet(
    alice: User, bob: User, server: Server
) -> None:
    execution = asked(alice, server)
    row = approval_of(execution)
    expire(row)
    with pytest.raises(InvalidState, match="It could be approved until") as caught:
        approvals.vote(actor=bob, approval=row, approves=True)
    assert caught.value.code == "EXPIRED"
    with pytest.raises(InvalidState) as caught:
        approvals.bypass(actor=alice, approval=row, reason=REASON)
    assert caught.value.code == "EXPIRED"
    execution.refresh_from_db()
    assert execution.waiting_since is None


def test_what_nobody_decides_in_time_is_ended(alice: User, bob: User, ended: list[str]) -> None:
    late, early = asked(alice, makers.server(approvals=2)), asked(alice, makers.server(approvals=1))
    approvals.vote(actor=bob, approval=approval_of(late), approves=True)
    expire(approval_of(late))

    assert approvals.expire_due() == 1
    assert approvals.expire_due() == 0

    assert approval_of(late).state == ApprovalState.EXPIRED
    assert approval_of(early).state == ApprovalState.PENDING
    late.refresh_from_db()
    assert late.status == Status.CANCELLED
    assert late.result_summary == "Not begun: nobody approved it in time: 1 of 2 had."
    assert ended == [Status.CANCELLED]
    assert makers.last_event("AUTOMATION_APPROVAL_EXPIRED").outcome == "FAILED"
    with pytest.raises(InvalidState) as caught:
        approvals.vote(actor=makers.admin(), approval=approval_of(late), approves=True)
    assert caught.value.code == "EXPIRED"


def test_one_that_can_not_be_ended_does_not_keep_the_others(alice: User, server: Server) -> None:
    of_workflow, other = of_step(alice), approval_of(asked(alice, server))

    def fail(**_: Any) -> None:
        raise RuntimeError("a listener fails")

    expire(of_workflow)
    expire(other)
    approval_decided.connect(fail)
    try:
        assert approvals.expire_due() == 1
    finally:
        approval_decided.disconnect(fail)
    other.refresh_from_db()
    of_workflow.refresh_from_db()
    assert other.state == ApprovalState.EXPIRED
    assert of_workflow.state == ApprovalState.PENDING


def test_to_cancel_what_waits_for_approval_ends_it_and_takes_the_question_back(
    alice: User, bob: User, server: Server, ended: list[str]
) -> None:
    execution = asked(alice, server)
    cancelled = cancel(actor=alice, execution=execution)
    assert cancelled.status == Status.CANCELLED
    assert ended == [Status.CANCELLED]
    row = approval_of(execution)
    assert row.state == ApprovalState.WITHDRAWN
    assert makers.last_event("AUTOMATION_APPROVAL_WITHDRAWN").actor_name == "alice"
    with pytest.raises(InvalidState, match="withdrawn, because what it was for was cancelled"):
        approvals.vote(actor=bob, approval=row, approves=True)
    execution.refresh_from_db()
    assert execution.waiting_since is None


def test_to_cancel_a_batch_takes_all_its_questions_back(alice: User, bob: User) -> None:
    servers = [makers.server(approvals=1), makers.server(approvals=1)]
    batch = launch_batch(
        BatchLaunch(
            actor=alice, runbook=makers.entry(), servers=servers, parameters={"path": "/tmp/x"}
        )
    )
    first = batch.executions.order_by("server__name")[0]
    approvals.vote(actor=bob, approval=approval_of(first), approves=True)

    cancel_batch(actor=alice, batch=batch)

    states = Approval.objects.order_by("title").values_list("state", flat=True)
    assert sorted(states) == [ApprovalState.APPROVED, ApprovalState.WITHDRAWN]
    statuses = set(batch.executions.values_list("status", flat=True))
    assert statuses == {Status.CANCELLED}


def test_a_retry_is_asked_for_anew(alice: User, bob: User, server: Server) -> None:
    first = asked(alice, server)
    approvals.vote(actor=bob, approval=approval_of(first), approves=False, reason="Not now.")
    again = retry(actor=alice, execution=first)
    again.refresh_from_db()
    assert again.waiting_since is None
    assert approval_of(again).state == ApprovalState.PENDING


def test_in_an_emergency_who_asked_goes_on_without_and_says_why(
    alice: User, server: Server
) -> None:
    execution = asked(alice, server)
    for reason in ("", "  now!  ", "x" * 9):
        with pytest.raises(Invalid, match="why it can't wait"):
            approvals.bypass(actor=alice, approval=approval_of(execution), reason=reason)

    after = approvals.bypass(actor=alice, approval=approval_of(execution), reason=REASON)

    assert (after.state, after.bypassed_by) == (ApprovalState.BYPASSED, alice)
    assert after.bypass_reason == REASON
    assert after.wants_review
    execution.refresh_from_db()
    assert execution.waiting_since is not None
    event = makers.last_event("AUTOMATION_APPROVAL_BYPASSED")
    assert (event.actor_name, event.message) == ("alice", REASON)


def test_not_everybody_may_go_on_without_an_approval(alice: User, server: Server) -> None:
    row = approval_of(asked(alice, server))
    with pytest.raises(NotPermitted, match="Your role may not go on without"):
        approvals.bypass(actor=makers.user("HELPDESK"), approval=row, reason=REASON)
    noc = makers.user("NOC")
    assert approvals.bypass(actor=noc, approval=row, reason=REASON).bypassed_by == noc


def test_somebody_else_reviews_it_once(alice: User, bob: User, server: Server) -> None:
    row = approval_of(asked(alice, server))
    with pytest.raises(InvalidState, match="Only what went ahead without approval"):
        approvals.review(actor=bob, approval=row, note="Fine.")
    approvals.bypass(actor=alice, approval=row, reason=REASON)
    with pytest.raises(NotPermitted, match="somebody else has to review") as caught:
        approvals.review(actor=alice, approval=row, note="Fine.")
    assert caught.value.code == "SELF_APPROVAL"
    with pytest.raises(NotPermitted, match="Your role may not approve"):
        approvals.review(actor=makers.user("NOC"), approval=row, note="Fine.")
    with pytest.raises(Invalid, match="Say what you make of it"):
        approvals.review(actor=bob, approval=row, note=" ")

    after = approvals.review(actor=bob, approval=row, note="It was right: the shop was down.")

    assert (after.reviewed_by, after.wants_review) == (bob, False)
    assert after.review_note == "It was right: the shop was down."
    assert makers.last_event("AUTOMATION_APPROVAL_REVIEWED").actor_name == "bob"
    with pytest.raises(InvalidState, match="bob has reviewed it already"):
        approvals.review(actor=makers.admin(), approval=row, note="Me too.")


def test_what_is_not_reviewed_yet_is_not_deleted(alice: User, bob: User, server: Server) -> None:
    entry = makers.entry(cooldown_minutes=0)
    execution = asked(alice, server, runbook=entry)
    row = approval_of(execution)
    approvals.bypass(actor=alice, approval=row, reason=REASON)
    Execution.objects.filter(pk=execution.pk).update(status=Status.SUCCESS, waiting_since=None)
    execution.refresh_from_db()
    with pytest.raises(InvalidState, match="nobody has reviewed that"):
        deleting.delete(actor=alice, execution=execution)
    approvals.review(actor=bob, approval=row, note="Fine.")
    deleting.delete(actor=alice, execution=execution)
    assert not Approval.objects.filter(pk=row.pk).exists()


def test_secrets_in_what_people_write_are_not_kept(alice: User, server: Server) -> None:
    execution = asked(alice, server, reason="password=hunter2hunter2")
    row = approval_of(execution)
    assert "hunter2" not in row.message
    after = approvals.bypass(actor=alice, approval=row, reason="it is password=hunter2hunter2 now")
    assert "hunter2" not in after.bypass_reason


def test_of_a_step_who_listens_hears_what_was_decided(alice: User, bob: User) -> None:
    heard: list[tuple[str, str]] = []

    def listen(approval: Approval, **_: Any) -> None:
        assert approval.step is not None
        heard.append((approval.step.key, approval.state))

    approval_decided.connect(listen)
    try:
        approvals.vote(actor=bob, approval=of_step(alice), approves=True)
        approvals.vote(actor=bob, approval=of_step(alice), approves=False, reason="No.")
        approvals.bypass(actor=alice, approval=of_step(alice), reason=REASON)
        expire(of_step(alice))
        approvals.expire_due()
        withdrawn = of_step(alice)
        assert withdrawn.step is not None
        assert approvals.withdraw(withdrawn.step, actor="workflow:Night work") == 1
        assert approvals.withdraw(withdrawn.step, actor="workflow:Night work") == 0
    finally:
        approval_decided.disconnect(listen)
    assert heard == [
        ("approve_it", state) for state in ("APPROVED", "REJECTED", "BYPASSED", "EXPIRED")
    ]
    withdrawn.refresh_from_db()
    assert withdrawn.state == ApprovalState.WITHDRAWN


def test_what_fails_at_a_listener_is_not_decided(alice: User, bob: User) -> None:
    row = of_step(alice)

    def fail(**_: Any) -> None:
        raise RuntimeError("no")

    approval_decided.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            approvals.vote(actor=bob, approval=row, approves=True)
    finally:
        approval_decided.disconnect(fail)
    row.refresh_from_db()
    assert (row.state, row.votes.count()) == (ApprovalState.PENDING, 0)


def test_who_may_not_see_what_it_is_for_can_not_decide(alice: User, server: Server) -> None:
    row = approval_of(asked(alice, server))
    stranger = makers.user("HR")
    names = ["grant_approval", "view_approval"]
    stranger.user_permissions.set(Permission.objects.filter(codename__in=names))
    with pytest.raises(NotFound):
        approvals.vote(actor=stranger, approval=row, approves=True)
