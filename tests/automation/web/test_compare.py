"""Two executions, or two servers, beside each other."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from automation.engine.results import Status
from automation.models import Execution
from automation.selectors import compare, step_diff
from opsmanager.common.problems import NotFound
from servers.models import Probe, ProbeKind, Server
from tests.automation import makers
from tests.automation.web.test_runbooks import HTMX, text_of

As = Callable[[str], Client]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def ran(server: Server, *said: str, minutes: float = 5, **fields: Any) -> Execution:
    """Make an execution of two steps; each text is what a step was answered."""
    when = timezone.now() - timedelta(minutes=minutes)
    ended = {"started_at": when, "finished_at": when + timedelta(seconds=2)}
    values = {"status": Status.SUCCESS, "queued_at": when, "current_step": len(said)}
    row = makers.execution(server=server, **{**values, **ended, **fields})
    for number, text in enumerate(said, start=1):
        makers.log_row(row, number, step_number=number, command=f"do {number}", stdout=text)
    return row


def test_the_first_step_that_differs_is_marked_and_those_behind_it_only_told(
    server: Server,
) -> None:
    old = ran(server, "a", "b", minutes=9)
    new = ran(server, "a", "c")
    found = compare.of(new, old)
    assert (found.left.pk, found.right.pk) == (old.pk, new.pk)
    assert [step.title for step in found.steps] == ["First", "Second"]
    assert [step.says_the_same for step in found.steps] == [True, False]
    assert [step.is_first_different for step in found.steps] == [False, True]
    assert not found.is_same


def test_two_that_went_alike_are_the_same(server: Server) -> None:
    found = compare.of(ran(server, "a", "b"), ran(makers.server(), "a", "b"))
    assert found.is_same
    assert found.was_read


def test_a_step_that_was_not_reached_differs(server: Server) -> None:
    found = compare.of(ran(server, "a", "b", minutes=9), ran(server, "a", status=Status.FAILED))
    assert [step.is_first_different for step in found.steps].index(True) == 0
    statuses = [(step.left["status"], step.right["status"]) for step in found.steps]  # type: ignore[index]
    assert statuses == [("SUCCESS", "FAILED"), ("SUCCESS", "SKIPPED")]


def test_what_was_looked_at_before_and_after_is_compared_too(server: Server) -> None:
    old, new = ran(server, "a", minutes=9), ran(server, "a")
    makers.log_row(old, 8, step_number=0, stdout="down")
    makers.log_row(new, 8, step_number=0, stdout="up")
    makers.log_row(new, 9, step_number=3, stdout="up")
    found = compare.of(old, new)
    looks = [(step.title, step.says_the_same) for step in found.steps if step.number in (0, 3)]
    assert looks == [("Look before", False), ("Look after", False)]


def test_an_earlier_attempt_and_what_took_it_back_are_left_out(server: Server) -> None:
    old = ran(server, "a", minutes=9)
    new = ran(server, "a")
    makers.log_row(new, 20, step_number=1, step_name="Take back: First", stdout="gone")
    assert compare.of(old, new).steps[0].says_the_same
    again = ran(server, "broken", begin_seq=1)
    makers.log_row(again, 2, step_number=1, command="do 1", stdout="a")
    assert compare.of(old, again).steps[0].says_the_same


def test_parameters_and_what_was_found_are_beside_each_other(server: Server) -> None:
    old = ran(server, minutes=9, assessment_after={"values": {"state": "failed"}})
    new = ran(
        server, parameters={"path": "/tmp/y"}, assessment_before={"values": {"state": "active"}}
    )
    found = compare.of(old, new)
    (path,) = found.parameters
    assert (path.name, path.left, path.right, path.differs) == ("path", "/tmp/x", "/tmp/y", True)
    assert [(row.left, row.right) for row in found.assessments] == [("failed", "active")]


def test_the_diff_of_a_step_shows_what_differs_with_some_lines_around(server: Server) -> None:
    lines = [f"line {number}" for number in range(20)]
    old = ran(server, "\n".join(lines), minutes=9)
    new = ran(server, "\n".join([*lines[:15], "other", *lines[16:]]))
    diff = step_diff.of(old, new, 1)
    kinds = [(line.kind, line.text) for line in diff.lines]
    assert kinds[0] == ("gap", "13 lines alike")
    assert ("left", "line 15") in kinds
    assert ("right", "other") in kinds
    assert len(kinds) == 1 + 3 + 2 + 3
    assert not diff.is_cut


def test_long_outputs_are_cut_and_compared_in_time(server: Server) -> None:
    forth = "\n".join(str(number) for number in range(5000))
    back = "\n".join(str(number) for number in reversed(range(5000)))
    old, new = ran(server, forth, minutes=9), ran(server, back)
    began = time.process_time()
    diff = step_diff.of(old, new, 1)
    assert time.process_time() - began < 3
    assert diff.is_cut
    assert len(diff.lines) <= 2 * step_diff.MOST_LINES + 100


def test_a_step_that_said_the_same_has_no_diff(server: Server) -> None:
    assert step_diff.of(ran(server, "a"), ran(server, "a"), 1).is_same


def test_what_it_can_be_compared_with_is_offered(as_: As, server: Server) -> None:
    elsewhere = makers.server()
    ran(elsewhere, minutes=30)
    latest = ran(elsewhere, minutes=2)
    before = ran(server, minutes=9)
    execution = ran(server)
    ran(server, minutes=20, runbook="SAMPLE_LOOKING")
    found = compare.candidates(makers.admin(), execution)
    assert [row.pk for row in found.earlier] == [before.pk]
    assert [row.pk for row in found.elsewhere] == [latest.pk]
    page = text_of(as_("helpdesk").get(f"/executions/{execution.pk}/compare/"))
    assert f"/executions/{execution.pk}/compare/?with={before.pk}" in page
    assert f"Compare with {elsewhere.name}" in page
    monitor = text_of(as_("helpdesk").get(f"/executions/{execution.pk}/"))
    assert f'href="/executions/{execution.pk}/compare/"' in monitor


def test_the_page_compares_and_fetches_a_step_when_it_is_asked_for(as_: As, server: Server) -> None:
    old, new = ran(server, "a", "b <1>", minutes=9), ran(server, "a", "c <2>")
    client = as_("helpdesk")
    page = text_of(client.get(f"/executions/{new.pk}/compare/?with=previous"))
    assert page.count("Differs first") == 1
    assert "Said the same." in page
    step = f"/executions/{new.pk}/compare/step/?with={old.pk}&step=2"
    assert step.replace("&", "&amp;") in page
    assert "b &lt;1&gt;" not in page
    part = text_of(client.get(step, headers=HTMX))
    assert part.lstrip().startswith('<div id="beside-step-2"')
    assert "b &lt;1&gt;" in part
    assert "c &lt;2&gt;" in part
    assert "<h1" in text_of(client.get(step))


@pytest.mark.parametrize(
    "rest", ["?with=nothing", f"?with={'0' * 32}", "step/?with=previous&step=x", "step/?step=1"]
)
def test_what_is_not_there_is_not_found(as_: As, server: Server, rest: str) -> None:
    ran(server, "a", minutes=9)
    execution = ran(server, "a")
    assert as_("helpdesk").get(f"/executions/{execution.pk}/compare/{rest}").status_code == 404


def test_the_first_run_has_none_before(as_: As, server: Server) -> None:
    execution = ran(server, "a")
    answer = as_("helpdesk").get(f"/executions/{execution.pk}/compare/?with=previous")
    assert answer.status_code == 404
    assert compare.previous(makers.admin(), execution) is None
    assert NotFound.status == 404


def test_two_servers_are_compared_by_their_last_runs(as_: As, server: Server) -> None:
    other = makers.server(environment="PRODUCTION")
    good = ran(other, status=Status.SUCCESS)
    ran(other, status=Status.FAILED, minutes=60)
    bad = ran(server, status=Status.FAILED)
    ran(server, status=Status.SUCCESS, is_dry_run=True, minutes=1)
    page = text_of(as_("helpdesk").get(f"/servers/{server.pk}/compare/?with={other.pk}"))
    assert f"/executions/{bad.pk}/compare/?with={good.pk}" in page
    assert page.count('data-state="FAILED"') == 1
    assert "Production" in page
    assert "once somebody opened the form" in page


def test_what_only_one_server_has_is_named(as_: As, server: Server) -> None:
    other = makers.server()
    for where, units in ((server, ["nginx", "cron"]), (other, ["cron", "redis"])):
        Probe.objects.create(
            server=where, kind=ProbeKind.CONTENTS, found={"units": dict.fromkeys(units, "")}
        )
    page = text_of(as_("helpdesk").get(f"/servers/{server.pk}/compare/?with={other.pk}"))
    assert "1 on both" in page
    assert "nginx" in page
    assert "redis" in page


def test_a_server_asks_for_the_other_one(as_: As, server: Server) -> None:
    other = makers.server()
    page = text_of(as_("helpdesk").get(f"/servers/{server.pk}/compare/"))
    assert f'<option value="{other.pk}"' in page
    assert "Choose the other server" in page
    assert as_("hr").get(f"/servers/{server.pk}/compare/").status_code == 403
    assert as_("helpdesk").get(f"/servers/{server.pk}/compare/?with=x").status_code == 404
    detail = text_of(as_("helpdesk").get(f"/servers/{server.pk}/"))
    assert f'href="/servers/{server.pk}/compare/"' in detail
