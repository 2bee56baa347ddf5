"""A text in all logs: what is found, in which order, how far back, and when reading stops."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from automation.engine.results import Status
from automation.models import Execution
from automation.selectors import log_matches, log_search
from automation.selectors.log_matches import Text, TooSlow
from automation.selectors.log_search import Matches
from opsmanager.accounts import permissions
from opsmanager.common.problems import Invalid
from tests.automation import makers
from tests.support.api_tokens import made
from tests.support.users import user_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.fixture
def helpdesk() -> permissions.Actor:
    return user_with("HELPDESK")


def said(*outputs: str, minutes: float = 5, **fields: Any) -> Execution:
    """Make an execution with a row of log for each output."""
    fields.setdefault("status", Status.SUCCESS)
    row = makers.execution(queued_at=timezone.now() - timedelta(minutes=minutes), **fields)
    for seq, output in enumerate(outputs, start=1):
        makers.log_row(row, seq, stdout=output)
    return row


def search(user: permissions.Actor, text: str | Text, **asked: Any) -> Matches:
    now = timezone.now()
    span = {"start": now - timedelta(days=7), "end": now}
    sought = text if isinstance(text, Text) else Text(text=text)
    return log_search.search(user, sought, **{**span, **asked})


def found(matches: Matches) -> list[Any]:
    return [match.execution.pk for match in matches.matches]


def test_any_part_of_a_word_is_found_newest_first_and_case_does_not_matter(
    helpdesk: permissions.Actor,
) -> None:
    old = said("kernel: OUT of memory", minutes=60)
    new = said("Timeout of nginx", minutes=2)
    said("Nothing of it")
    answer = search(helpdesk, "out of ")
    assert found(answer) == [new.pk, old.pk]
    assert (answer.searched, answer.is_narrowed, answer.next) == (3, False, None)


def test_with_its_case_kept_it_is_found_as_it_stands(helpdesk: permissions.Actor) -> None:
    exact = said("Timeout of nginx")
    said("timeout of nginx")
    assert found(search(helpdesk, Text(text="Timeout", is_case_kept=True))) == [exact.pk]


@pytest.mark.parametrize("text", ["100%", "a_b", "c\\d", "'; DROP"])
def test_what_means_something_to_the_database_stands_for_itself(
    helpdesk: permissions.Actor, text: str
) -> None:
    row = said(f"<{text}>")
    said("<1000> <axb> <cd>")
    assert found(search(helpdesk, text)) == [row.pk]


def test_commands_and_errors_are_looked_through_too_or_alone(helpdesk: permissions.Actor) -> None:
    row = makers.execution(status=Status.FAILED)
    makers.log_row(row, 1, command="cat /needle", stdout="")
    makers.log_row(row, 2, stderr="no needle", error_message="The needle is gone.")
    (match,) = search(helpdesk, "needle").matches
    lines = [(line.seq, line.stream) for line in match.places.lines]
    assert lines == [(1, "command"), (2, "stderr"), (2, "error")]
    assert found(search(helpdesk, Text(text="needle", streams=("stdout",)))) == []
    (match,) = search(helpdesk, Text(text="needle", streams=("stderr",))).matches
    assert match.places.total == 1


def test_the_line_is_shown_with_the_text_marked(helpdesk: permissions.Actor) -> None:
    said("first\n  second: Out of memory (17)\nthird\n")
    (match,) = search(helpdesk, "out of memory").matches
    (line,) = match.places.lines
    assert (line.before, line.match, line.after) == ("  second: ", "Out of memory", " (17)")
    assert line.text == "  second: Out of memory (17)"


def test_a_long_line_is_cut_on_both_sides(helpdesk: permissions.Actor) -> None:
    said("x" * 100_000 + "needle" + "y" * 100_000)
    (match,) = search(helpdesk, "needle").matches
    (line,) = match.places.lines
    assert line.match == "needle"
    assert (len(line.before), len(line.text) < 400) == (200, True)


def test_of_many_places_in_one_log_the_first_are_shown_and_all_are_counted(
    helpdesk: permissions.Actor,
) -> None:
    said(*("needle" for _ in range(9)))
    (match,) = search(helpdesk, "needle").matches
    assert [line.seq for line in match.places.lines] == [1, 2, 3]
    assert match.places.total == 9


def test_it_goes_on_page_by_page_without_a_gap_or_a_double(helpdesk: permissions.Actor) -> None:
    at = timezone.now() - timedelta(hours=1)
    same_moment = [makers.execution(queued_at=at, status=Status.SUCCESS) for _ in range(3)]
    for row in same_moment:
        makers.log_row(row, 1, stdout="needle")
    rows = [said("needle", minutes=minutes) for minutes in (1, 2, 90)]
    seen: list[Any] = []
    before = ""
    for _ in range(4):
        answer = search(helpdesk, "needle", limit=2, before=before)
        seen += found(answer)
        if answer.next is None:
            break
        assert not answer.is_narrowed
        before = answer.next
    assert len(seen) == len(set(seen)) == 6
    assert (seen[:2], seen[-1]) == ([rows[0].pk, rows[1].pk], rows[2].pk)
    assert set(seen[2:5]) == {row.pk for row in same_moment}


def test_only_the_time_runbook_and_server_that_are_asked_for_are_read(
    helpdesk: permissions.Actor,
) -> None:
    here = makers.server()
    row = said("needle", server=here)
    said("needle", minutes=60 * 24 * 8)
    said("needle", runbook="SAMPLE_LOOKING")
    answer = search(helpdesk, "needle", narrowed_to={"server": here, "runbook": row.runbook})
    assert found(answer) == [row.pk]
    assert answer.searched == 1
    start = timezone.now() - timedelta(minutes=3)
    assert search(helpdesk, "needle", start=start).searched == 0


def test_who_may_see_no_executions_finds_none_and_a_token_only_on_its_servers() -> None:
    here = makers.server()
    row = said("needle", server=here)
    said("needle")
    assert found(search(user_with("HR"), "needle")) == []
    holder = makers.admin()
    holder.token, _secret = made(holder, server_ids=[here.pk])
    assert found(search(holder, "needle")) == [row.pk]


def test_what_takes_too_long_is_tried_with_fewer_and_then_left_out(
    helpdesk: permissions.Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [said("needle", minutes=minutes) for minutes in range(1, 12)]
    heavy = rows[4].pk
    looked = log_matches.places

    def slow(sought: Text, among: Any, *, seconds: float) -> Any:
        if heavy in dict(among):
            raise TooSlow
        return looked(sought, among, seconds=seconds)

    monkeypatch.setattr(log_matches, "places", slow)
    answer = search(helpdesk, "needle")
    assert found(answer) == [row.pk for row in rows if row.pk != heavy]
    assert (answer.skipped, answer.next) == (1, None)


def test_when_the_time_is_up_it_says_how_far_it_came_and_where_to_go_on(
    helpdesk: permissions.Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [said("needle" if minutes == 9 else "hay", minutes=minutes) for minutes in range(1, 10)]
    monkeypatch.setattr(log_search, "_FIRST", 3)
    monkeypatch.setattr(log_search, "_IS_QUICK", 0)
    ticks = iter([0.0, 1.0, 1.0, 1.0, 9.0])
    with monkeypatch.context() as clock:
        clock.setattr(log_search, "monotonic", lambda: next(ticks))
        answer = search(helpdesk, "needle")
    assert (found(answer), answer.searched, answer.is_narrowed) == ([], 3, True)
    assert answer.searched_back_to == rows[2].queued_at
    assert answer.next is not None
    assert found(search(helpdesk, "needle", before=answer.next)) == [rows[8].pk]


def test_the_database_itself_stops_a_query_that_takes_too_long() -> None:
    row = said(*("x" * 1_000_000 for _ in range(20)))
    with pytest.raises(TooSlow):
        log_matches.places(Text(text="needle"), [(row.pk, row.queued_at)], seconds=0.001)
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_a_log_is_read_along_its_key_and_in_its_month_alone(helpdesk: permissions.Actor) -> None:
    row = said("needle")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        log_matches.places(Text(text="needle"), [(row.pk, row.queued_at)], seconds=1)
    (asked,) = [query["sql"] for query in queries if "automation_executionlog" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {asked}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("SET LOCAL enable_seqscan TO DEFAULT")
    assert "pkey" in plan
    months = {word for word in plan.split() if word.startswith("automation_executionlog_")}
    assert len({name for name in months if not name.endswith("pkey")}) <= 2  # and the default one


@pytest.mark.parametrize(
    ("text", "asked", "name"),
    [
        ("ab", {}, "search"),
        ("a" * 201, {}, "search"),
        ("a\0b", {}, "search"),
        ("abc", {"start": datetime(2030, 1, 1, tzinfo=UTC)}, "startDate"),
        ("abc", {"before": "yesterday"}, "before"),
        ("abc", {"before": f"2026-99-01T00:00:00.0Z~{'0' * 36}"}, "before"),
    ],
)
def test_what_can_not_be_looked_for_is_refused_by_name(
    helpdesk: permissions.Actor, text: str, asked: dict[str, Any], name: str
) -> None:
    with pytest.raises(Invalid) as refused:
        search(helpdesk, text, **asked)
    assert list(refused.value.details) == [name]
