"""One row of each kind, each in a state in which everything that is asked of it would do."""

from dataclasses import dataclass
from typing import Final

from automation.engine.results import Status
from automation.models import (
    Approval,
    ApprovalState,
    Batch,
    CatalogEntry,
    Execution,
    Schedule,
    Template,
    Workflow,
    WorkflowRun,
)
from incidents.models import Incident, RemediationRule, RuleBreaker, Source
from opsmanager.accounts.models import ApiToken
from opsmanager.audit import trail
from opsmanager.audit.models import AuditEvent
from opsmanager.notifications.models import Channel, Delivery
from servers.models import Credential, Environment, HostKey, HostKeyState, Server, ServerGroup
from servers.ssh.testing import generate_key
from tests.automation import makers
from tests.automation.services import workflow_story
from tests.incidents import alerts
from tests.incidents.makers import incident, rule
from tests.opsmanager.notifications import makers as notifications
from tests.support import api_tokens, servers

RUNBOOK: Final = "SAMPLE_MENDING"


@dataclass(frozen=True, kw_only=True)
class World:
    """What the routes are asked about; all executions were started by somebody else."""

    server: Server
    free: Server
    """Without executions, so that it can be deleted; it has no credential either."""
    group: ServerGroup
    credential: Credential
    spare: Credential
    """Used by no server."""
    host_key: HostKey
    runbook: CatalogEntry
    failed: Execution
    waiting: Execution
    succeeded: Execution
    """With something to take back."""
    dry_run: Execution
    unknown: Execution
    rule: RemediationRule
    """Suggests something for the incident, and is stopped on its server."""
    batch: Batch
    running_batch: Batch
    approval: Approval
    """It waits."""
    bypassed: Approval
    """Somebody went on without it."""
    workflow: Workflow
    workflow_run: WorkflowRun
    """It runs."""
    failed_run: WorkflowRun
    template: Template
    schedule: Schedule
    incident: Incident
    source: Source
    channel: Channel
    delivery: Delivery
    """It failed."""
    event: AuditEvent
    api_token: ApiToken
    """Somebody else's."""


def make() -> World:
    """Make it, in the database of a test."""
    group = servers.group()
    server = servers.server(
        groups=(group,),
        credential=servers.password_credential(),
        environment=Environment.STAGING,
    )
    asked = rule("SUGGEST", name="suggests")
    RuleBreaker.objects.create(rule=asked, server=server, message="It did not help.")
    runbook = makers.entry(RUNBOOK, cooldown_minutes=0)
    own = {"server": server, "age_minutes": 60}
    batch = Batch.objects.create(runbook=runbook, started_by=makers.somebody())
    running = Batch.objects.create(runbook=runbook, started_by=makers.somebody())
    makers.execution(batch=batch, status=Status.SUCCESS, **own)
    makers.execution(batch=running, **own)
    event = trail.record("SERVER_UPDATED", actor=None, target=server)
    failed = makers.execution(status=Status.FAILED, **own)
    makers.log_row(failed, 1)
    channel = notifications.channel()
    workflow = workflow_story.workflow({"look": workflow_story.look(server)})
    return World(
        server=server,
        free=servers.server("free"),
        group=group,
        credential=server.credential,
        spare=servers.password_credential("spare"),
        rule=asked,
        host_key=servers.host_key(server, generate_key(), HostKeyState.OFFERED),
        runbook=runbook,
        failed=failed,
        waiting=makers.execution(**own),
        succeeded=makers.execution(status=Status.SUCCESS, steps_done=[1], **own),
        dry_run=makers.execution(status=Status.SUCCESS, is_dry_run=True, **own),
        unknown=makers.execution(status=Status.UNKNOWN, **own),
        batch=batch,
        running_batch=running,
        approval=_approval(server),
        bypassed=_approval(server, state=ApprovalState.BYPASSED, bypassed_by=makers.somebody()),
        workflow=workflow,
        workflow_run=workflow_story.standing(workflow),
        failed_run=workflow_story.standing(workflow, status=Status.FAILED, phase="FAILED"),
        template=Template.objects.create(
            name="Mend x", runbook=runbook, server=server, parameters={"path": "/tmp/x"}
        ),
        schedule=Schedule.objects.create(
            name="Nightly",
            runbook=runbook,
            server=server,
            parameters={"path": "/tmp/x"},
            cron_expression="15 3 * * *",
        ),
        incident=incident(server=server),
        source=alerts.source("generic"),
        channel=channel,
        delivery=notifications.delivery(channel, state="FAILED", error="It said no."),
        event=event,
        api_token=api_tokens.token(makers.somebody()),
    )


def _approval(server: Server, **fields: object) -> Approval:
    return makers.approval(makers.execution(server=server, waiting_since=None), **fields)
