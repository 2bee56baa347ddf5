"""A14: what a superuser does to the trail is found, and its place is named."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from opsmanager.audit import anchors, sealing, trail
from opsmanager.audit.models import AuditEvent, Seal
from opsmanager.audit.verify import Problem, verify
from opsmanager.common.partitions import make_partitions
from tests.support.audit import past_event, tamper

pytestmark = pytest.mark.django_db


@pytest.fixture
def seqs() -> list[int]:
    """Nine events in three seals."""
    found = []
    for number in range(9):
        found.append(trail.record(f"EVENT_{number}", actor="worker:a", message=f"m{number}").seq)
        if number % 3 == 2:
            assert sealing.seal() == 3
    assert verify().is_whole
    return found


def problems() -> list[tuple[str, int | None, int | None, int | None]]:
    return [(p.code, p.seal, p.first_seq, p.last_seq) for p in verify().problems]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("verb", "OTHER"),
        ("outcome", "FAILED"),
        ("actor_type", "USER"),
        ("actor_id", "7"),
        ("actor_name", "b"),
        ("address", "192.0.2.1"),
        ("target_type", "Server"),
        ("target_id", "7"),
        ("target_name", "web1"),
        ("message", "m4 "),
        ("details", '{"a": 1}'),
        ("xid", "7"),
    ],
)
def test_an_event_whatever_is_changed_in_it(seqs: list[int], column: str, value: str) -> None:
    cast = {"address": "::inet", "details": "::jsonb", "xid": "::text::xid8"}.get(column, "")
    query = f"UPDATE audit_auditevent SET {column} = %s{cast} WHERE seq = %s"
    assert tamper(query, value, seqs[4]) == 1
    assert problems() == [("EVENT_CHANGED", 2, seqs[4], seqs[4])]


def test_an_event_whose_time_is_changed(seqs: list[int]) -> None:
    tamper("UPDATE audit_auditevent SET at = at + interval '1 microsecond' WHERE seq = %s", seqs[0])
    assert problems() == [("EVENT_CHANGED", 1, seqs[0], seqs[0])]


def test_an_event_that_is_removed(seqs: list[int]) -> None:
    tamper("DELETE FROM audit_auditevent WHERE seq = %s", seqs[7])
    assert problems() == [("EVENT_MISSING", 3, seqs[7], seqs[7])]
    assert verify().problems[0].message == f"Event {seqs[7]} (seal 3) was removed."


def test_an_event_that_is_removed_with_its_hash(seqs: list[int]) -> None:
    for table in ("audit_auditevent", "audit_sealmember"):
        tamper(f"DELETE FROM {table} WHERE seq = %s", seqs[4])
    assert problems() == [("MEMBERS_CHANGED", 2, seqs[3], seqs[5])]


def test_two_events_that_change_places(seqs: list[int]) -> None:
    first, second = seqs[1], seqs[5]
    tamper("UPDATE audit_auditevent e SET seq = -e.seq WHERE e.seq IN (%s, %s)", first, second)
    tamper("UPDATE audit_auditevent SET seq = %s WHERE seq = %s", first, -second)
    tamper("UPDATE audit_auditevent SET seq = %s WHERE seq = %s", second, -first)
    assert sorted(problems()) == [
        ("EVENT_CHANGED", 1, first, first),
        ("EVENT_CHANGED", 2, second, second),
    ]


def test_two_events_that_change_places_with_their_hashes(seqs: list[int]) -> None:
    first, second = seqs[1], seqs[2]
    for table in ("audit_auditevent", "audit_sealmember"):
        tamper(f"UPDATE {table} SET seq = -seq WHERE seq IN (%s, %s)", first, second)
        tamper(f"UPDATE {table} SET seq = %s WHERE seq = %s", first, -second)
        tamper(f"UPDATE {table} SET seq = %s WHERE seq = %s", second, -first)
    assert ("MEMBERS_CHANGED", 1, seqs[0], seqs[2]) in problems()


def test_an_event_that_is_changed_with_a_hash_made_anew(seqs: list[int]) -> None:
    tamper("UPDATE audit_auditevent SET message = 'other' WHERE seq = %s", seqs[4])
    tamper(
        "UPDATE audit_sealmember m SET leaf = audit_leaf(e) FROM audit_auditevent e"
        " WHERE e.seq = m.seq"
    )
    assert problems() == [("MEMBERS_CHANGED", 2, seqs[3], seqs[5])]


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 second'",
        "month = month + interval '1 month'",
        "events = events + 1",
        "first_seq = first_seq - 1",
        "horizon = '7'",
        "digest = prev",
    ],
)
def test_a_seal_whatever_is_changed_in_it(seqs: list[int], change: str) -> None:
    tamper(f"UPDATE audit_seal SET {change} WHERE n = 2")
    assert ("SEAL_CHANGED", 2) in [problem[:2] for problem in problems()]


def test_a_seal_that_is_changed_with_its_own_hash(seqs: list[int]) -> None:
    tamper("UPDATE audit_seal SET at = at + interval '1 second' WHERE n = 2")
    tamper("UPDATE audit_seal s SET chain = audit_link(s) WHERE n = 2")
    assert problems() == [("CHAIN_BROKEN", 3, seqs[6], seqs[8])]


def test_a_seal_that_is_removed(seqs: list[int]) -> None:
    tamper("DELETE FROM audit_seal WHERE n = 2")
    assert sorted(problems(), key=str) == [
        ("SEALS_MISSING", 3, 2, 2),
        ("SEAL_MISSING", 2, seqs[3], seqs[5]),
    ]


def test_events_that_nobody_sealed() -> None:
    lost = past_event(datetime.now(UTC) - timedelta(minutes=6))
    trail.record("JUST_NOW", actor=None)
    assert problems() == [("EVENTS_UNSEALED", None, lost.seq, lost.seq)]


def cut_the_tail(seqs: list[int]) -> None:
    tamper("DELETE FROM audit_seal WHERE n = 3")
    for table in ("audit_auditevent", "audit_sealmember"):
        tamper(f"DELETE FROM {table} WHERE seq >= %s", seqs[6])


def against_anchor(anchor: anchors.Anchor) -> list[Problem]:
    return verify(anchors=[anchor]).problems


def test_a_tail_that_is_cut_off_is_told_by_the_anchor_and_by_it_alone(seqs: list[int]) -> None:
    anchor = anchors.head()
    assert against_anchor(anchor) == []
    cut_the_tail(seqs)
    assert verify().is_whole
    (problem,) = against_anchor(anchor)
    assert (problem.code, problem.seal, problem.last_seq) == ("TAIL_CUT", 3, seqs[8])
    assert "The chain has no seal 3" in problem.message


def test_a_chain_that_is_written_anew_is_told_by_the_anchor(seqs: list[int]) -> None:
    anchor = anchors.head()
    cut_the_tail(seqs)
    for _ in range(3):
        trail.record("INVENTED", actor="worker:a")
    sealing.seal()
    assert verify().is_whole
    (problem,) = against_anchor(anchor)
    assert (problem.code, problem.seal) == ("ANCHOR_DIFFERS", 3)


def test_a_month_that_is_said_to_have_left(seqs: list[int]) -> None:
    tamper(
        "INSERT INTO audit_droppedmonth (month, events, last_n, last_seq, chain)"
        " SELECT month, 9, n, last_seq, chain FROM audit_seal WHERE n = 3"
    )
    for table in ("audit_auditevent", "audit_sealmember"):
        tamper(f"DELETE FROM {table}")
    # The event that tells of it would be in a month that is here.
    make_partitions()
    tamper("UPDATE audit_droppedmonth SET dropped_at = now() + interval '2 months'")
    assert [problem[0] for problem in problems()] == ["MONTH_UNTOLD"]


def said(*words: str) -> str:
    out = StringIO()
    call_command("verify_audit", *words, stdout=out)
    return out.getvalue()


def test_the_command_says_that_all_is_whole(seqs: list[int], tmp_path: Path) -> None:
    head = anchors.head()
    (tmp_path / "anchors").write_text(f"Nov 24 host opsmanager: {head.line()}\n\n")
    assert f"whole: 3 seals, up to event {seqs[8]}" in said()
    text = said("--anchors", str(tmp_path / "anchors"))
    assert "compared with 1 anchors" in text
    assert head.chain in text


def test_the_command_names_each_problem_and_fails(seqs: list[int], tmp_path: Path) -> None:
    head = anchors.head()
    (tmp_path / "anchors").write_text(f"{head.line()}\n")
    tamper("UPDATE audit_auditevent SET message = '' WHERE seq = %s", seqs[0])
    cut_the_tail(seqs)
    out = StringIO()
    with pytest.raises(CommandError, match="not whole: 2 problems") as problem:
        call_command("verify_audit", "--anchors", str(tmp_path / "anchors"), stdout=out)
    assert problem.value.returncode == 1
    lines = out.getvalue().splitlines()
    assert lines[0] == f"Event {seqs[0]} (seal 1) was changed after it was written."
    assert lines[1].startswith("The chain has no seal 3")


@pytest.mark.parametrize("text", ["{}", "hello", '{"n": 1}', '{"n": "x", "chain": 1}'])
def test_a_file_that_holds_no_anchors_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "anchors").write_text(f"\n{text}\n")
    with pytest.raises(CommandError, match=r"Line 2 of .* is no anchor"):
        said("--anchors", str(tmp_path / "anchors"))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="can't be read: No such file"):
        said("--anchors", str(tmp_path / "none"))


def test_before_anything_is_sealed_the_trail_is_whole() -> None:
    assert "nothing is sealed yet" in said()
    assert not Seal.objects.exists()
    assert not AuditEvent.objects.exists()
