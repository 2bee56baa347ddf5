"""The journal of a worker process: one thread commits what all its executions have to say.

A changing command waits until its own intent is committed; whatever else arrived meanwhile goes
into the same transaction, so durability costs one commit that many share.
"""

import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction

from automation.engine.errors import EngineError, LeaseLost
from automation.runner.claim import Claim
from automation.runner.log_row import COLUMNS, LogRow
from automation.runner.outage import is_outage
from opsmanager.common.connections import prepared_cursor

log = structlog.get_logger(__name__)

_GATHER_SECONDS: Final = 0.02
"""How long what nobody waits for may wait for company."""
_RETRY_SECONDS: Final = 1.0

# Locks the executions, says which are still ours, and moves their revision on. They are locked in
# the order of their ids, as by all who change several: none waits in a circle.
_TOUCH = """
WITH said AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(fences)s::bigint[], %(seqs)s::int[], %(steps)s::int[],
                         %(kept)s::text[]) AS said(id, fence, seq, step, kept)
), held AS (
    SELECT e.id FROM automation_execution e JOIN said USING (id, fence)
     WHERE e.lease_until IS NOT NULL
     ORDER BY e.id FOR NO KEY UPDATE OF e)
UPDATE automation_execution e
   SET revision = e.revision + 1, last_seq = greatest(e.last_seq, said.seq),
       current_step = coalesce(said.step, e.current_step),
       context = coalesce(said.kept::jsonb -> 'data', e.context),
       once = coalesce(said.kept::jsonb -> 'once', e.once),
       steps_done = coalesce(
           (SELECT array_agg(value::smallint)
              FROM jsonb_array_elements_text(said.kept::jsonb -> 'stepsDone')), e.steps_done)
  FROM said JOIN held USING (id)
 WHERE e.id = said.id
RETURNING e.id, e.lease_until > clock_timestamp() + make_interval(secs => %(margin)s)
"""
_COPY = f"COPY automation_executionlog ({', '.join(COLUMNS)}) FROM STDIN"
_KNOWN = """
SELECT execution_id, seq FROM automation_executionlog
 WHERE execution_id = ANY(%(ids)s) AND seq = ANY(%(seqs)s)
"""
_UPDATE = """
UPDATE automation_executionlog
   SET stdout = %s, stderr = %s, exit_code = %s, status = %s, error_message = %s, finished_at = %s
 WHERE execution_id = %s AND seq = %s AND queued_at = %s
"""


@dataclass
class _Batch:
    """What is said of one execution since the last commit."""

    claim: Claim
    rows: dict[int, LogRow] = field(default_factory=dict)
    step: int | None = None
    kept: str | None = None
    """JSON: ``data``, ``once`` and ``stepsDone``."""
    waiting: list[Future[None]] = field(default_factory=list)
    has_intent: bool = False


class Journal(threading.Thread):
    """Commits rows of logs and steps of executions, many at a time."""

    def __init__(self) -> None:
        super().__init__(name="journal", daemon=True)
        self._batches: dict[UUID, _Batch] = {}
        self._condition = threading.Condition()
        self._is_urgent = False
        self._is_closing = False
        self._slowest = 0.0

    def slowest(self) -> float:
        """Return how many seconds the longest commit took since somebody last asked."""
        with self._condition:
            slowest, self._slowest = self._slowest, 0.0
        return slowest

    def say(self, row: LogRow) -> None:
        """Write the row as it stands, soon."""
        with self._condition:
            self._batch(row.claim).rows[row.action.seq] = row
            self._condition.notify()

    def step(self, claim: Claim, number: int) -> None:
        """Write which step runs now, soon."""
        with self._condition:
            self._batch(claim).step = number
            self._condition.notify()

    def keep(self, claim: Claim, kept: str) -> None:
        """Write what the steps share, soon; at the latest with the next promise."""
        with self._condition:
            self._batch(claim).kept = kept
            self._condition.notify()

    def promise(self, row: LogRow) -> Future[None]:
        """Write the row at once; the future is done when it is durable.

        The future raises ``LeaseLost`` when the execution is no longer ours, or its lease too
        short to begin anything.
        """
        with self._condition:
            batch = self._batch(row.claim)
            batch.rows[row.action.seq] = row
            batch.has_intent = True
            return self._wait_for(batch)

    def flush(self, claim: Claim) -> Future[None]:
        """Write all that is known of the execution; the future is done when it is durable."""
        with self._condition:
            return self._wait_for(self._batch(claim))

    def close(self) -> None:
        """Write what is there and end the thread."""
        with self._condition:
            self._is_closing = True
            self._condition.notify()

    def run(self) -> None:
        """Commit batch after batch, and keep what can't be written until it can."""
        while True:
            with self._condition:
                while not self._batches and not self._is_closing:
                    self._condition.wait()
                if not self._is_urgent and not self._is_closing:
                    self._condition.wait_for(lambda: self._is_urgent, timeout=_GATHER_SECONDS)
                batches, self._batches = self._batches, {}
                self._is_urgent = False
                if not batches:
                    return
            began = time.monotonic()
            self._commit_surely(batches)
            with self._condition:
                self._slowest = max(self._slowest, time.monotonic() - began)

    def _batch(self, claim: Claim) -> _Batch:
        batch = self._batches.get(claim.execution_id)
        if batch is None or batch.claim.fence != claim.fence:
            batch = self._batches[claim.execution_id] = _Batch(claim=claim)
        return batch

    def _wait_for(self, batch: _Batch) -> Future[None]:
        future: Future[None] = Future()
        batch.waiting.append(future)
        self._is_urgent = True
        self._condition.notify()
        return future

    def _commit_surely(self, batches: dict[UUID, _Batch]) -> None:
        is_again = False
        while True:
            try:
                ours = self._commit(batches, is_again=is_again)
                break
            except Exception as problem:  # noqa: BLE001 - the thread serves all executions
                if not is_outage(problem):
                    self._commit_apart(batches, problem)
                    return
                is_again = True
                log.warning("journal not written; trying again", reason=str(problem).strip())
                connection.close()
                with self._condition:
                    if self._condition.wait_for(lambda: self._is_closing, timeout=_RETRY_SECONDS):
                        ours = {}
                        break
        for batch in batches.values():
            self._answer(batch, ours.get(batch.claim.execution_id))

    def _commit_apart(self, batches: dict[UUID, _Batch], problem: Exception) -> None:
        """Commit each execution by itself, so that one which can't be written harms no other."""
        connection.close()
        if len(batches) > 1:
            for execution_id, batch in batches.items():
                self._commit_surely({execution_id: batch})
            return
        for execution_id, batch in batches.items():
            log.error("log can't be written", execution=str(execution_id), exc_info=problem)
            for future in batch.waiting:
                future.set_exception(
                    EngineError("The log of this execution can't be written; see the worker's log.")
                )

    @staticmethod
    def _answer(batch: _Batch, is_lease_good: bool | None) -> None:  # noqa: FBT001 - three answers
        for future in batch.waiting:
            if is_lease_good is None:
                future.set_exception(LeaseLost("The execution was taken over from this worker."))
            elif batch.has_intent and not is_lease_good:
                future.set_exception(
                    LeaseLost("The lease is too short for another changing command.")
                )
            else:
                future.set_result(None)

    def _commit(self, batches: dict[UUID, _Batch], *, is_again: bool) -> dict[UUID, bool]:
        with transaction.atomic():
            ours = self._touch(batches.values())
            rows = [
                row
                for batch in batches.values()
                if batch.claim.execution_id in ours
                and (ours[batch.claim.execution_id] or not batch.has_intent)
                for row in batch.rows.values()
            ]
            if is_again:
                self._recognise(rows)
            new = [row for row in rows if not row.is_inserted]
            self._insert(new)
            self._update([row for row in rows if row.is_inserted])
        for row in new:
            row.is_inserted = True
        connection.close()
        return ours

    @staticmethod
    def _touch(batches: Iterable[_Batch]) -> dict[UUID, bool]:
        ordered = sorted(batches, key=lambda batch: batch.claim.execution_id)
        values: dict[str, Any] = {
            "ids": [batch.claim.execution_id for batch in ordered],
            "fences": [batch.claim.fence for batch in ordered],
            "seqs": [max(batch.rows, default=0) for batch in ordered],
            "steps": [batch.step for batch in ordered],
            "kept": [batch.kept for batch in ordered],
            "margin": settings.AUTOMATION_LEASE_MARGIN_SECONDS,
        }
        with prepared_cursor() as cursor:
            cursor.execute(_TOUCH, values)
            return dict(cursor.fetchall())

    @staticmethod
    def _recognise(rows: list[LogRow]) -> None:
        """Note which rows are there: a commit may have been done though its answer was lost."""
        values: dict[str, Any] = {
            "ids": [row.claim.execution_id for row in rows],
            "seqs": [row.action.seq for row in rows],
        }
        with prepared_cursor() as cursor:
            cursor.execute(_KNOWN, values)
            known = set(cursor.fetchall())
        for row in rows:
            row.is_inserted = (row.claim.execution_id, row.action.seq) in known

    @staticmethod
    def _insert(rows: list[LogRow]) -> None:
        if not rows:
            return
        # Django passes COPY on to psycopg, whose errors would come as they are.
        with (
            connection.wrap_database_errors,
            connection.cursor() as cursor,
            cursor.copy(_COPY) as copy,
        ):
            for row in rows:
                copy.write_row(row.values())

    @staticmethod
    def _update(rows: list[LogRow]) -> None:
        if not rows:
            return
        place = {name: index for index, name in enumerate(COLUMNS)}
        wanted = [
            place[name]
            for name in (
                "stdout",
                "stderr",
                "exit_code",
                "status",
                "error_message",
                "finished_at",
                "execution_id",
                "seq",
                "queued_at",
            )
        ]
        with prepared_cursor() as cursor:
            cursor.executemany(
                _UPDATE, [tuple(values[i] for i in wanted) for values in map(LogRow.values, rows)]
            )
