"""Rows of every kind that lists and details show, in helpings of the same size."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from automation.engine.results import Status, Verdict
from automation.models import Batch, CatalogEntry, Execution
from incidents.models import Incident
from incidents.services import incidents
from opsmanager.accounts.models import ApiToken, User
from opsmanager.audit import trail
from opsmanager.audit.models import AuditEvent
from servers.models import (
    Credential,
    Environment,
    HostKeyState,
    Probe,
    ProbeKind,
    Server,
    ServerGroup,
)
from servers.ssh.testing import generate_key
from tests.automation import makers
from tests.incidents.makers import incident
from tests.support import api_tokens, servers


@dataclass(kw_only=True)
class World:
    """What details are asked of; each helping adds to it and beside it."""

    admin: User
    noc: User
    server: Server
    group: ServerGroup
    credential: Credential
    execution: Execution
    waiting: Execution
    batch: Batch
    incident: Incident
    event: AuditEvent
    token: ApiToken
    helpings: int = 0
    hidden: list[CatalogEntry] = field(default_factory=list)
    """Runbooks that are not in the library yet."""

    def add(self, helpings: int) -> None:
        """Add so many rows of every kind."""
        for _ in range(helpings):
            self.helpings += 1
            _Helping(self, self.helpings).add()


def make() -> World:
    """Make what is asked for, and nothing beside it."""
    group = servers.group("asked for")
    server = servers.server(
        "asked-for",
        groups=(group,),
        credential=servers.password_credential("asked for"),
        environment=Environment.STAGING,
    )
    admin, noc = makers.admin(username="admin"), makers.user("NOC", username="noc")
    servers.grant(noc, server)
    servers.grant(noc, group)
    batch = Batch.objects.create(
        runbook=makers.entry(), started_by=makers.somebody(), max_parallel=1
    )
    # One of the library stays, so that there is a first and a further one.
    hidden = list(CatalogEntry.objects.exclude(runbook_id="SAMPLE_MENDING"))
    CatalogEntry.objects.filter(pk__in=[entry.pk for entry in hidden]).update(is_deployed=False)
    return World(
        admin=User.objects.get(pk=admin.pk),
        noc=User.objects.get(pk=noc.pk),
        server=server,
        group=group,
        credential=server.credential,
        execution=makers.execution(
            server=server, batch=batch, status=Status.SUCCESS, steps_done=[1], age_minutes=90
        ),
        waiting=makers.execution(server=server, batch=batch, age_minutes=80),
        batch=batch,
        incident=incident(server=server, title="It is down"),
        event=trail.record("SERVER_UPDATED", actor=admin, target=server),
        token=api_tokens.made(admin)[0],
        hidden=hidden,
    )


@dataclass(frozen=True, kw_only=True)
class _Place:
    server: Server
    user: User


class _Helping:
    """One of each kind, with users, servers and references of their own."""

    def __init__(self, world: World, number: int) -> None:
        self._world = world
        self._number = number
        self._user = makers.user("MANAGER", username=f"manager-{number}")

    def add(self) -> None:
        """Add it."""
        number, world = self._number, self._world
        if world.hidden:
            entry = world.hidden.pop()
            entry.is_deployed = True
            entry.save()
        groups = (servers.group(f"group {number}"), world.group)
        credential = servers.password_credential(f"credential {number}")
        server = servers.server(
            f"server-{number}",
            groups=groups,
            credential=credential,
            environment=Environment.PRODUCTION,
            reachable=False,
        )
        servers.host_key(server, generate_key(), HostKeyState.ACCEPTED)
        servers.host_key(world.server, generate_key(), HostKeyState.RETIRED)
        for target in (server, groups[0]):
            servers.grant(world.noc, target)
        for user in (world.admin, world.noc):
            api_tokens.made(user, name=f"bot {number}", server_ids=[server.pk])
        Probe.objects.create(server=world.server, kind=ProbeKind.CHECK, requested_by=self._user)
        self._executions(server)
        self._incidents(server)
        trail.record("SERVER_UPDATED", actor=self._user, target=server)

    def _executions(self, server: Server) -> None:
        world, number = self._world, self._number
        base = 60 + number
        own = {"triggered_by_user": self._user}
        for where in (server, world.server):
            ended = self._run(where, Status.FAILED, base, **own)
            makers.execution(
                server=where,
                status=Status.SUCCESS,
                verdict=Verdict.NOT_FIXED,
                age_minutes=base,
                finished_at=timezone.now(),
                retry_of=ended,
                rollback_status=Status.FAILED,
                rollback_by=self._user,
                rollback_at=timezone.now(),
                **own,
            )
            makers.execution(
                server=where,
                status=Status.UNKNOWN,
                decided_by=self._user,
                cancel_requested_by=self._user,
                age_minutes=base,
                **own,
            )
            # Waits for its server, or to be tried again.
            makers.execution(server=where, age_minutes=5, **own)
            makers.execution(
                server=where, age_minutes=5, not_before=timezone.now() + timedelta(hours=1)
            )
        dry = makers.execution(server=server, is_dry_run=True, status=Status.SUCCESS, age_minutes=9)
        makers.execution(server=server, status=Status.RUNNING, dry_run=dry, age_minutes=8, **own)
        other = Batch.objects.create(
            runbook=makers.entry(), started_by=self._user, max_parallel=1 + number
        )
        for batch in (world.batch, other):
            self._run(server, Status.SUCCESS, 40, batch=batch, **own)
            makers.execution(server=server, batch=batch, age_minutes=4, **own)
        for seq in (2 * number - 1, 2 * number):
            makers.log_row(world.execution, seq)
            makers.log_row(world.waiting, seq)

    def _run(self, server: Server, status: Status, age: int, **fields: object) -> Execution:
        ended = makers.execution(
            server=server, status=status, age_minutes=age, finished_at=timezone.now(), **fields
        )
        makers.log_row(ended, 1)
        makers.log_row(ended, 2, step_number=2)
        return ended

    def _incidents(self, server: Server) -> None:
        world = self._world
        opened = incident(server=server, title="It is down")
        incidents.acknowledge(actor=self._user, incident=opened)
        run = makers.execution(
            server=server,
            incident_id=world.incident.pk,
            status=Status.SUCCESS,
            triggered_by_user=self._user,
            age_minutes=20,
        )
        incidents.note_started(run, actor=self._user)
