"""Outages that last, a worker that comes back from the dead, deploys in the middle of a command."""

import random
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from opsmanager.embedded.process import Program
from servers.ssh.testing import Sshd
from servers.ssh.testing.requirement import require_sshd
from tests.faults import facts as evidence
from tests.faults.invariants import INVARIANTS
from tests.faults.launches import Load, planned
from tests.faults.service import frozen
from tests.faults.staged import Staged, without_redis
from tests.faults.world import WORKERS, World, world
from tests.stack.servers import reached
from tests.stack.stack import to_its_end

pytestmark = [pytest.mark.sshd, pytest.mark.xdist_group("alone")]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    require_sshd()
    folder = tmp_path_factory.mktemp("staged")
    with world(folder, servers=6, concurrency=8, without=["worker-notify"]) as started:
        yield started


def test_while_redis_is_away_executions_are_started_by_polling(whole: World) -> None:
    work = Staged(whole, "polled")
    with without_redis(whole):
        work.launch(count=6, changes=True)
        work.launch(count=18, changes=False)
        rows = work.until_all_ended()
    delays = sorted(row["delay"] for row in rows)
    # On an idle machine it is some five seconds.
    assert delays[int(len(delays) * 0.95)] < 60
    assert work.wrong() == []


def test_while_redis_hangs_launches_are_answered_soon_and_run(whole: World) -> None:
    work = Staged(whole, "hanging")
    with whole.redis.paused():
        took = work.launch(count=10, changes=False)
        work.until_all_ended()
    # On an idle machine it is some two seconds, each time.
    assert max(took) < 15, took
    assert work.wrong() == []


def test_what_waits_when_redis_is_emptied_runs_all_the_same(whole: World) -> None:
    work = Staged(whole, "flushed")
    for name in WORKERS:
        whole.kill(name)
    work.launch(count=120, changes=False)
    with whole.broker() as broker:
        broker.flushall()
    for name in WORKERS:
        whole.start_again(name)
    rows = work.until_all_ended()
    assert [row["claims"] for row in rows] == [1] * len(rows)
    assert work.wrong() == []


def test_a_worker_that_slept_beyond_its_leases_neither_goes_on_nor_writes(whole: World) -> None:
    work = Staged(whole, "zombie")
    work.launch(count=5, changes=True, seconds=10, may_be_plain=False)
    work.until_at_work()
    workers = [psutil.Process(whole.stack.processes[name].process.pid) for name in WORKERS]
    # Both may have some of it: the one that has the most sleeps, the other one takes over.
    sleeper = max(workers, key=lambda each: sum(_is_of(each, row) for row in work.rows()))
    theirs = [row["key"] for row in work.rows() if _is_of(sleeper, row)]
    with frozen([sleeper]):
        rows = work.until_all_ended()
    time.sleep(5)
    assert work.rows() == rows
    assert {row["claims"] for row in rows if row["key"] in theirs} == {2}
    assert work.wrong() == []


def test_while_postgresql_is_away_commands_run_on_and_requests_are_refused_soon(
    whole: World,
) -> None:
    work = Staged(whole, "away")
    work.launch(count=6, changes=True, seconds=8)
    work.until_at_work()
    api = whole.client()
    api.token()
    whole.postgres.stop(signal.SIGINT)

    def ask(_: int) -> tuple[int, float]:
        began = time.monotonic()
        return api.get("automation/executions").status, time.monotonic() - began

    with ThreadPoolExecutor(5) as threads:
        answers = list(threads.map(ask, range(5)))
    whole.postgres.start()
    whole.await_calm()
    rows = work.until_all_ended()
    assert [(row["status"], row["claims"]) for row in rows] == [("SUCCESS", 1)] * len(rows)
    assert work.wrong() == []
    assert {status for status, _ in answers} == {503}
    # A request waits ten seconds for a connection.
    assert max(seconds for _, seconds in answers) < 30, answers


def test_two_hundred_executions_pass_a_server_that_lets_in_ten_at_a_time(
    whole: World, tmp_path: Path
) -> None:
    sshd = Sshd(tmp_path)
    sshd.start("MaxStartups 10:30:100")
    try:
        narrow = whole.stack.server("narrow", **reached(sshd))
        work = Staged(replace(whole, servers=[narrow]), "narrow")
        work.launch(count=200, changes=False)
        rows = work.until_all_ended()
    finally:
        sshd.stop()
    assert {(row["status"], row["attempt"]) for row in rows} == {("SUCCESS", 1)}
    assert work.wrong() == []


@pytest.mark.parametrize("number", range(5))
def test_a_deploy_lets_a_long_command_end_in_its_execution(whole: World, number: int) -> None:
    work = Staged(whole, f"deployed{number}")
    work.launch(count=3, changes=True, seconds=8)
    work.until_at_work()
    for name in WORKERS:
        whole.replace_worker(name)
    whole.replace_web()
    rows = work.until_all_ended()
    assert [(row["status"], row["claims"]) for row in rows] == [("SUCCESS", 1)] * len(rows)
    assert work.wrong() == []


def test_a_migration_is_applied_while_everything_works(whole: World) -> None:
    name = "migrated"
    launches = planned(whole, name, 60, random.Random(name), longest=0.5)
    load = Load(whole, launches, a_second=4, at_once=32)
    whole.await_calm()
    load.start()
    try:
        times = 0
        while not load.is_done:
            to_its_end(_expanding(whole))
            times += 1
    finally:
        load.close()
    work = Staged(whole, name)
    work.until_all_ended()
    facts = evidence.gathered(
        whole,
        name,
        launches=launches,
        promised=load.promised,
        failed_requests=load.failed_requests,
        live_when_time_was_up={},
    )
    assert [sentence for check in INVARIANTS.values() for sentence in check(facts)] == []
    assert load.failed_requests == []
    assert times > 0


def _expanding(world: World) -> Program:
    """Return the program that migrates there and back, as the owner of the tables."""
    migrate = world.stack.plan.migrate()
    words = (sys.executable, "-m", "tests.faults.expanding")
    return replace(migrate, name="expanding", command=words)


def _is_of(process: psutil.Process, row: dict[str, object]) -> bool:
    return str(row["worker"]).endswith(f":{process.pid}")
