"""Beginning a node of a workflow's run: launching what it runs, asking, waiting, noting."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import structlog
from django.db import OperationalError, transaction
from django.utils import timezone

from automation.engine.results import Status
from automation.models import Execution, Priority, Trigger, WorkflowRun, WorkflowStep
from automation.runner.attempts import known as unmasked
from automation.runner.masking import is_masked
from automation.services import approvals, executions, workflow_places
from automation.services.executions import Launch
from automation.workflows import (
    Definition,
    ForEach,
    Note,
    Result,
    Run,
    State,
    Wait,
    filled,
    text_of,
)
from automation.workflows.graph import Graph
from automation.workflows.state import Results
from opsmanager.accounts import api_tokens
from opsmanager.accounts.api_tokens import ApiTokenRefused
from opsmanager.accounts.models import User
from opsmanager.common import secrets_in_use
from opsmanager.common.problems import CoolingDown, NotPermitted, Problem
from opsmanager.common.sandbox import TemplateInvalid
from servers.models import Server

log = structlog.get_logger(__name__)

_DAY: Final = 24 * 3600


class Beginner:
    """Begins nodes of one run, in the transaction that says so."""

    def __init__(self, run: WorkflowRun, definition: Definition) -> None:
        self._run = run
        self._definition = definition
        self._graph = Graph.of(definition)
        self._actor: User | None = None

    def servers_of(self, spread: ForEach, state: State) -> list[Server]:
        """Return the servers of a node for several.

        Raises :class:`Problem`, :class:`TemplateInvalid`.
        """
        return workflow_places.each(self.actor(), spread, self._known(state))

    def begin(self, row: WorkflowStep, state: State) -> Result | None:
        """Begin what a row stands for; return what came of it where that is known at once."""
        try:
            return self._begin(row, state)
        except OperationalError:
            # The database's own trouble passes; the next one to look tries again.
            raise
        except (Problem, TemplateInvalid) as problem:
            return failed(problem)
        except Exception:
            log.exception("node not begun", run=str(self._run.pk), node=row.key)
            return failed(
                Problem(
                    "It could not be begun because of a fault in OpsManager or in the runbook. "
                    "What went wrong stands in the workers' log."
                )
            )

    def actor(self) -> User:
        """Return for whom it runs, limited by the token by which it was started.

        Raises :class:`Problem`.
        """
        if self._actor is None:
            run = self._run
            actor = run.retried_by or run.triggered_by_user or run.on_behalf_of
            if actor is None:
                raise Problem(
                    "The user for whom it runs was removed. Somebody who may can have it go on.",
                    code="NO_OWNER",
                )
            token = run.api_token_id
            try:
                self._actor = api_tokens.acting_by(actor, token) if token else actor
            except ApiTokenRefused as problem:
                raise NotPermitted(f"It was started by an API token. {problem}") from problem
        return self._actor

    def _begin(self, row: WorkflowStep, state: State) -> Result | None:
        node = self._definition.nodes[row.key]
        if isinstance(node, Note):
            text = text_of(node.text, self._known(state))
            return Result(success=True, summary=secrets_in_use.masked(text))
        if isinstance(node, Wait):
            return self._wait(row, node, state)
        server = row.server or workflow_places.server(
            self.actor(), node.server or "", self._known(state)
        )
        row.server = server
        row.execution = self._launch(row, node, server, state)
        return None

    def _wait(self, row: WorkflowStep, node: Wait, state: State) -> Result | None:
        if self._run.is_dry_run:
            return Result(success=True, summary="A dry run waits for nothing and nobody.")
        if node.approvals is None:
            row.due_at = timezone.now() + timedelta(seconds=node.seconds or 0)
            return None
        message = text_of(node.message, self._known(state))
        with transaction.atomic():
            approvals.ask(
                title=f"{self._run.name}: {node.title or row.key}",
                message=message,
                needed=node.approvals,
                asked_by=self.actor(),
                seconds=node.expires_after or _DAY,
                step=row,
            )
        return None

    def _launch(self, row: WorkflowStep, node: Run, server: Server, state: State) -> Execution:
        run, actor = self._run, self.actor()
        template = workflow_places.template(actor, node.template) if node.template else None
        entry = template.runbook if template else workflow_places.runbook(actor, node.runbook or "")
        parameters = filled(node.parameters, self._known(state))
        if is_masked(parameters):
            raise Problem(
                "A result that its parameters use holds a secret, which OpsManager does not keep. "
                "Save the secret with a template, and run that.",
                code="MASKED_VALUES",
            )
        by_itself = run.retried_by is None and run.triggered_by != Trigger.MANUAL
        asked = Launch(
            actor=actor,
            runbook=entry,
            server=server,
            parameters={**(template.parameters if template else {}), **parameters},
            saved_secrets=template.secret_parameters if template else None,
            template_id=template.pk if template else None,
            is_dry_run=run.is_dry_run or node.is_dry_run,
            is_confirmed=run.is_confirmed,
            priority=Priority(run.priority),
            reason=run.reason,
            incident_id=run.incident_id,
            trigger=Trigger.WORKFLOW,
            trigger_name=run.name if by_itself else "",
            workflow_run_id=run.pk,
            workflow_node=row.key,
            previous=self._previous(row, state),
        )
        try:
            with transaction.atomic():
                return executions.stored(asked)
        except (CoolingDown, NotPermitted) as problem:
            executions.tell_refusal(asked, problem)
            raise

    def _previous(self, row: WorkflowStep, state: State) -> dict[str, Any]:
        """Return the result of the node before it, of several that of the last in the graph."""
        before = self._graph.before(row.key)
        for key in reversed(self._graph.order):
            at = state.nodes[key]
            if key not in before or not at.phase.has_ended:
                continue
            # Of the same server, where both run on several.
            item = (at.items or {}).get(row.item) if row.item else None
            result = (item or at).result
            if result is not None and result.status in (Status.SUCCESS, Status.FAILED):
                return unmasked(result.result)
        return {}

    def _known(self, state: State) -> Mapping[str, Any]:
        return {"inputs": self._run.inputs, "results": Results(state.nodes)}


def failed(problem: Problem | TemplateInvalid) -> Result:
    """Return the result of what could not be begun."""
    said = problem.shown if isinstance(problem, Problem) else str(problem)
    code = problem.code if isinstance(problem, Problem) else "VALIDATION"
    return Result(success=False, status=Status.FAILED, error=said, data={"code": code})
