"""What a worker process keeps while it lives: journal, leases, sweeper, asker, connections."""

import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DataError, Error, connection
from django.db.models import UUIDField

from automation import catalog
from automation.engine import params
from automation.engine.errors import EngineError, LeaseLost
from automation.engine.executor import Executor
from automation.engine.guard import weigh
from automation.engine.results import ErrorCode, Outcome, Status
from automation.models import Execution
from automation.runner import attempts, high_water, permission, retries, secret_parameters
from automation.runner.action_id import action_id
from automation.runner.asker import Asker
from automation.runner.claim import Claim, claim
from automation.runner.execution_journal import ExecutionJournal
from automation.runner.finish import finish, finish_rollback, try_again
from automation.runner.http import GuardedHttp
from automation.runner.journal import Journal
from automation.runner.lease import Lease, LeaseKeeper
from automation.runner.masking import Masking
from automation.runner.outage import is_outage
from automation.runner.poller import Poller
from automation.runner.pruning import Pruner
from automation.runner.sweep import Sweeper
from automation.runner.transport import ServerTransport
from opsmanager.common import origin, pulse
from opsmanager.common.compiled import Compiled
from servers.ssh.pool import Pool
from servers.targets import accepted_keys

log = structlog.get_logger(__name__)

_RETRY_SECONDS: Final = 1.0
_CLAIMED: Final = Compiled(
    lambda pk: Execution.objects.select_related(
        "runbook", "server__credential", "secret_parameters__runbook"
    ).filter(pk=pk),
    pk=UUIDField(),
)
_UNSTORABLE: Final = "What it said can't be stored; the worker's log has it."


class WorkerProcess:
    """Runs executions, each in the thread that calls :meth:`run`, any number at a time."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name or f"{socket.gethostname()}:{os.getpid()}"
        self.pool = Pool(idle_timeout=settings.AUTOMATION_SSH_IDLE_SECONDS)
        self._journal = Journal()
        self._leases = LeaseKeeper()
        self._leases_lost = 0
        self._sweeper = Sweeper(worker=self.name, figures=self.figures)
        self._asker = Asker(pool=self.pool)
        self._pruner = Pruner()
        self.poller = Poller(run=self.run)

    def look(self) -> None:
        """Import all runbooks, and notice a restored database before anything is claimed in it."""
        # Else the first executions would each do so at the same time.
        catalog.runbooks()
        try:
            origin.note()
            high_water.compare()
        except Error as problem:
            # The sweeper looks again, as soon as the database is there.
            log.warning("database not looked at", reason=str(problem).strip())
        finally:
            connection.close()

    def figures(self) -> dict[str, float]:
        """Return what monitoring is told of this worker, by the names of its heartbeat."""
        return {
            "running": self._leases.held(),
            "leasesLost": self._leases_lost,
            "journalSeconds": round(self._journal.slowest(), 4),
            "connections": self.pool.stats().connections,
        }

    def start(self) -> None:
        """Start the journal, the leases, the sweeper and the asker."""
        for thread in (self._journal, self._leases, self._sweeper, self._asker):
            thread.start()

    def close(self) -> None:
        """End them in order; what the journal was told is written first."""
        self.poller.close()
        self._asker.close()
        self._sweeper.close()
        self._leases.close()
        self._journal.close()
        for thread in (self._asker, self._sweeper, self._leases, self._journal):
            thread.join(timeout=5)
        self.pool.close()
        try:
            pulse.forget("worker", self.name)
        except Error as problem:
            log.warning("could not say good-bye", reason=str(problem).strip())
        connection.close()

    def run(self, execution_id: UUID) -> None:
        """Run an execution, or its rollback, if it can be claimed; nothing happens otherwise."""
        claimed = claim(execution_id, worker=self.name)
        if claimed is None:
            connection.close()
            return
        try:
            (execution,) = _CLAIMED.all(pk=execution_id)
            keys = accepted_keys(execution.server)
        except Error as problem:
            # Nothing was begun. Once its lease has run out, others go on with it.
            log.warning("execution not begun", execution=str(execution_id), reason=str(problem))
            connection.close()
            return
        lease = Lease(claimed, timeout=execution.timeout_seconds)
        masking = Masking()
        transport = ServerTransport(
            server=execution.server,
            keys=keys,
            pool=self.pool,
            lease=lease,
            recorded=execution.keeps_records,
            learn=masking.learn,
        )
        self._leases.hold(lease)
        try:
            outcome = self._outcome(execution, claimed, lease, transport, masking)
            if not self._end(execution, claimed, outcome, lease):
                log.warning("result came too late", execution=str(execution_id))
            elif outcome.changed:
                self._pruner.after(execution, transport)
        except LeaseLost as problem:
            # Whoever reaps it settles it; nothing more is written from here.
            self._leases_lost += 1
            log.warning("execution lost", execution=str(execution_id), reason=str(problem))
        finally:
            self._leases.release(lease)
            connection.close()

    def _end(self, execution: Execution, claimed: Claim, outcome: Outcome, lease: Lease) -> bool:
        """Write how the attempt ended: for good, or to be tried again."""
        if claimed.is_rollback:
            write = partial(finish_rollback, claimed, worker=self.name)
        elif retries.is_worth_it(execution, claimed, outcome):
            seconds = retries.pause_after(claimed.attempt)
            write = partial(try_again, claimed, seconds=seconds, worker=self.name)
        else:
            write = partial(finish, claimed, worker=self.name)
        return self._written(write, claimed, outcome, lease)

    def _outcome(
        self,
        execution: Execution,
        claimed: Claim,
        lease: Lease,
        transport: ServerTransport,
        masking: Masking,
    ) -> Outcome:
        """Execute; a fault of OpsManager itself is an outcome too, so that no row stays RUNNING."""
        try:
            return masking.outcome(self._execute(execution, claimed, lease, transport, masking))
        except LeaseLost:
            raise
        except Exception as problem:
            if is_outage(problem):
                # Nobody writes an end now. Once its lease has run out, others go on with it.
                raise LeaseLost("The database was away when it was to be asked.") from problem
            log.exception("execution broke off", execution=str(claimed.execution_id))
            return Outcome(
                status=Status.FAILED,
                summary="Broken off by a fault of OpsManager.",
                error_code=ErrorCode.INTERNAL,
                error_message=(
                    "OpsManager itself failed while it ran this. Its log says what was sent; the "
                    "worker's log says why. Tell an administrator before you run it again."
                ),
            )

    def _written(
        self, write: Callable[[Outcome], bool], claimed: Claim, outcome: Outcome, lease: Lease
    ) -> bool:
        """Write the outcome, however long the database is away, until the lease is lost."""
        while True:
            try:
                return write(outcome)
            except (DataError, UnicodeError):
                connection.close()
                rest = _without_texts(outcome)
                if rest == outcome:
                    raise
                log.exception("result can't be stored", execution=str(claimed.execution_id))
                outcome = rest
            except Error as problem:
                log.warning("end not written; trying again", reason=str(problem).strip())
                connection.close()
                time.sleep(_RETRY_SECONDS)
                if lease.reason() == "LEASE_LOST":
                    raise LeaseLost("The end could not be written in time.") from problem

    def _execute(
        self,
        execution: Execution,
        claimed: Claim,
        lease: Lease,
        transport: ServerTransport,
        masking: Masking,
    ) -> Outcome:
        past = attempts.past_of(execution, claimed) if execution.resumes else []
        as_in = attempts.dry_run_of(execution)
        if execution.cancel_requested_at is not None:
            connection.close()
            return attempts.stopped(execution, past, transport)
        journal = ExecutionJournal(
            journal=self._journal, claim=claimed, lease=lease, masking=masking
        )
        try:
            attempts.check_nothing_is_masked(execution, claimed)
            kind = catalog.runbooks().get(execution.runbook.runbook_id)
            permission.require_still(execution, claimed, kind)
            secrets = secret_parameters.opened(execution)
            masking.learn(secrets.values())
            runbook = params.parse(kind, execution.parameters | secrets)
        except EngineError as problem:
            return attempts.not_begun(execution, past, problem)
        finally:
            connection.close()
        http = GuardedHttp(allowed=settings.AUTOMATION_HTTP_ALLOWED_NETWORKS, stop=lease.reason)
        executor = Executor(
            transport=transport,
            journal=journal,
            stop=lease,
            http=http,
            guard=None if settings.AUTOMATION_ENABLE_DANGEROUS_COMMANDS else weigh,
            shown=masking.text,
            ids=partial(action_id, execution.pk),
        )
        if claimed.is_rollback:
            outcome = executor.roll_back(
                runbook,
                data=execution.context,
                once=execution.once,
                steps_done=execution.steps_done,
                seq_after=claimed.last_seq,
                past=past,
            )
        else:
            outcome = executor.execute(
                runbook,
                is_dry_run=execution.is_dry_run,
                seq_after=claimed.last_seq,
                past=past,
                previous=attempts.known(execution.previous),
                once=attempts.known(execution.once),
                as_in=as_in,
            )
        journal.flush()
        return outcome


def _without_texts(outcome: Outcome) -> Outcome:
    """Return the outcome without what a runbook wrote into it."""
    return replace(
        outcome,
        summary="Its result holds what can't be stored, and was left out.",
        result={},
        data={},
        before=None,
        after=None,
        error_message=_UNSTORABLE if outcome.error_code else "",
    )


@lru_cache(maxsize=1)
def this_process() -> WorkerProcess:
    """Return the one of this process."""
    return WorkerProcess()
