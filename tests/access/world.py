"""One row of each kind, each in a state in which everything that is asked of it would do."""

from dataclasses import dataclass
from typing import Final

from automation.engine.results import Status
from automation.models import Batch, CatalogEntry, Execution
from incidents.models import Incident
from opsmanager.accounts.models import ApiToken
from opsmanager.audit import trail
from opsmanager.audit.models import AuditEvent
from servers.models import Credential, Environment, HostKey, HostKeyState, Server, ServerGroup
from servers.ssh.testing import generate_key
from tests.automation import makers
from tests.incidents.makers import incident
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
    batch: Batch
    running_batch: Batch
    incident: Incident
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
    runbook = makers.entry(RUNBOOK, cooldown_minutes=0)
    own = {"server": server, "age_minutes": 60}
    batch = Batch.objects.create(runbook=runbook, started_by=makers.somebody())
    running = Batch.objects.create(runbook=runbook, started_by=makers.somebody())
    makers.execution(batch=batch, status=Status.SUCCESS, **own)
    makers.execution(batch=running, **own)
    event = trail.record("SERVER_UPDATED", actor=None, target=server)
    failed = makers.execution(status=Status.FAILED, **own)
    makers.log_row(failed, 1)
    return World(
        server=server,
        free=servers.server("free"),
        group=group,
        credential=server.credential,
        spare=servers.password_credential("spare"),
        host_key=servers.host_key(server, generate_key(), HostKeyState.OFFERED),
        runbook=runbook,
        failed=failed,
        waiting=makers.execution(**own),
        succeeded=makers.execution(status=Status.SUCCESS, steps_done=[1], **own),
        dry_run=makers.execution(status=Status.SUCCESS, is_dry_run=True, **own),
        unknown=makers.execution(status=Status.UNKNOWN, **own),
        batch=batch,
        running_batch=running,
        incident=incident(server=server),
        event=event,
        api_token=api_tokens.token(makers.somebody()),
    )
