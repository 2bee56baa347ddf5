"""Runs a runbook as a worker does: over SSH, in real time, on a real sshd."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from automation.engine.executor import Executor
from automation.engine.guard import weigh
from automation.engine.params import parse
from automation.engine.results import ActionStatus, Outcome, StepType
from automation.engine.runbook import Runbook
from automation.engine.testing import (
    HttpReplies,
    MemoryJournal,
    Rehearsal,
    ScriptedHttp,
    UnexpectedCommand,
)
from automation.runner.ssh_transport import SshTransport
from automation.testing.time_limit import TimeLimit
from servers.ssh.pool import Pool
from servers.ssh.testing import Sshd

# Logins begin in the home directory that the system knows of the user: not here.
_BEGIN_AT_HOME = 'ForceCommand cd; exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"'


class RealServer:
    """A private OpenSSH server of the current user; the machine behind it is this one.

    Commands run for real and with all the rights of this user: a runbook that restarts a service
    restarts yours. What keeps to its home directory, or to the test's own folders, does no harm.
    Use it through the fixture ``real_server``, or as a context manager with an empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self._sshd = Sshd(folder)
        self._pool = Pool()
        self.home = self._sshd.home
        """The home directory of its logins, where commands begin; empty at first, and gone with
        the test's folders. The server's record of changing commands is in ``.opsm`` there."""

    def __enter__(self) -> Self:
        self._sshd.start(_BEGIN_AT_HOME)
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()
        self._sshd.stop()

    def run(
        self,
        runbook: type[Runbook],
        params: Mapping[str, Any],
        *,
        previous: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        http: HttpReplies | None = None,
    ) -> Rehearsal:
        """Run a runbook and say what it did.

        ``params`` have the names of the wire, such as ``serviceName``; ``previous`` is the result
        of the execution before it in a workflow; ``timeout`` is in seconds, by default the
        runbook's own. HTTP calls are answered by ``http``, as in ``rehearse``: nobody outside
        hears of a test. ``commands`` of the answer are as they were sent, with sudo where it was
        needed. Raises ``ParametersInvalid``, and ``UnexpectedCommand`` for a call without a reply;
        each other way to fail is an outcome.
        """
        instance = parse(runbook, params)
        return self._played(
            instance,
            lambda executor: executor.execute(instance, previous=previous),
            timeout=timeout,
            http=http,
        )

    def dry_run(
        self,
        runbook: type[Runbook],
        params: Mapping[str, Any],
        *,
        previous: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        http: HttpReplies | None = None,
    ) -> Rehearsal:
        """Do what a dry run does: read for real, and only show the changes, in ``planned``."""
        instance = parse(runbook, params)
        return self._played(
            instance,
            lambda executor: executor.execute(instance, is_dry_run=True, previous=previous),
            timeout=timeout,
            http=http,
        )

    def roll_back(
        self,
        runbook: type[Runbook],
        params: Mapping[str, Any],
        done: Rehearsal,
        *,
        timeout: float | None = None,
        http: HttpReplies | None = None,
    ) -> Rehearsal:
        """Take back what :meth:`run` did, as another worker would days later.

        So the undo finds of ``run.data`` what JSON keeps of it: tuples have become lists.
        """
        instance = parse(runbook, params)
        outcome = done.outcome
        kept = json.loads(json.dumps({"data": outcome.data, "once": outcome.once}))
        return self._played(
            instance,
            lambda executor: executor.roll_back(instance, steps_done=outcome.steps_done, **kept),
            timeout=timeout,
            http=http,
        )

    def _played(
        self,
        runbook: Runbook,
        play: Callable[[Executor], Outcome],
        *,
        timeout: float | None,
        http: HttpReplies | None,
    ) -> Rehearsal:
        stop = TimeLimit(runbook.default_timeout if timeout is None else timeout)
        journal, web = MemoryJournal(), ScriptedHttp(http or {})
        transport = SshTransport(target=self._sshd.target, pool=self._pool, stop=stop)
        outcome = play(
            Executor(transport=transport, journal=journal, stop=stop, http=web, guard=weigh)
        )
        if web.unexpected:
            raise UnexpectedCommand(f"No reply for: {web.unexpected[0]}")
        sent = (row for row in journal.rows if row.status is not ActionStatus.PLANNED)
        return Rehearsal(
            outcome=outcome,
            commands=[row.text for row in sent if row.action.type is StepType.SSH_COMMAND],
            log=journal.rows,
            steps=journal.steps,
            slept=stop.slept,
            requests=web.requests,
        )
