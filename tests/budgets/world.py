"""Rows of every kind that lists and details show, in helpings of the same size."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from automation.engine.results import Status, Verdict
from automation.models import (
    Approval,
    ApprovalVote,
    Batch,
    CatalogEntry,
    Execution,
    Schedule,
    ScheduleSlot,
    SlotState,
    Template,
    Workflow,
    WorkflowRun,
    WorkflowStep,
)
from incidents.models import Delivery as Incoming
from incidents.models import Incident, RemediationRule, RuleBreaker, RuleDecision, Source
from incidents.services import incidents, runs
from opsmanager.accounts.models import ApiToken, User
from opsmanager.audit import trail
from opsmanager.audit.models import AuditEvent
from opsmanager.notifications.models import Channel, Delivery
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
from tests.automation.services import workflow_story
from tests.incidents import alerts
from tests.incidents.makers import incident, rule
from tests.opsmanager.notifications import makers as notifications
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
    approval: Approval
    batch: Batch
    rule: RemediationRule
    workflow: Workflow
    workflow_run: WorkflowRun
    template: Template
    schedule: Schedule
    incident: Incident
    source: Source
    channel: Channel
    delivery: Delivery
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
    channel = notifications.channel("asked for")
    workflow = workflow_story.workflow({"look": workflow_story.look(server)})
    return World(
        admin=User.objects.get(pk=admin.pk),
        noc=User.objects.get(pk=noc.pk),
        server=server,
        group=group,
        rule=rule(name="asked for", title="It is*"),
        credential=server.credential,
        execution=makers.execution(
            server=server, batch=batch, status=Status.SUCCESS, steps_done=[1], age_minutes=90
        ),
        waiting=makers.execution(server=server, batch=batch, age_minutes=80),
        approval=makers.approval(makers.execution(server=server, waiting_since=None), needed=10),
        batch=batch,
        workflow=workflow,
        workflow_run=workflow_story.standing(workflow),
        template=_template("asked for", server),
        schedule=Schedule.objects.create(
            name="asked for",
            template=_template("of the schedule", server),
            owner=admin,
            cron_expression="0 * * * *",
        ),
        incident=incident(server=server, title="It is down"),
        source=alerts.source("generic", actor=admin),
        channel=channel,
        delivery=notifications.delivery(channel, event="CHANNEL_TEST", state="FAILED"),
        event=trail.record("SERVER_UPDATED", actor=admin, target=server),
        token=api_tokens.made(admin)[0],
        hidden=hidden,
    )


def _template(name: str, server: Server, user: User | None = None) -> Template:
    return Template.objects.create(
        name=name,
        runbook=makers.entry(),
        server=server,
        parameters={"path": "/tmp/x"},
        created_by=user,
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
        for channel in (notifications.channel(f"channel {number}", failures=1), world.channel):
            again = notifications.delivery(channel, state="FAILED", error="It said no.")
            notifications.delivery(channel, state="SENT", resend_of=again)
        self._schedules(server, groups[0])
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
        for state in ("PENDING", "APPROVED", "BYPASSED"):
            asked = makers.execution(server=server, waiting_since=None, age_minutes=30, **own)
            row = makers.approval(asked, state=state, bypassed_by=self._user)
            for about in (row, world.approval) if state == "PENDING" else (row,):
                ApprovalVote.objects.create(approval=about, user=self._user, approves=True)
        self._workflows(server)
        for seq in (2 * number - 1, 2 * number):
            makers.log_row(world.execution, seq)
            makers.log_row(world.waiting, seq)

    def _workflows(self, server: Server) -> None:
        world, name = self._world, f"workflow {self._number}"
        made = workflow_story.workflow({"look": workflow_story.look(server)}, name=name)
        workflow_story.standing(
            made, triggered_by_user=self._user, on_behalf_of=self._user, retried_by=self._user
        )
        WorkflowStep.objects.create(
            run=world.workflow_run,
            key="look",
            item=server.name,
            position=self._number + 1,
            server=server,
            execution=makers.execution(server=server, age_minutes=7),
        )

    def _run(self, server: Server, status: Status, age: int, **fields: object) -> Execution:
        ended = makers.execution(
            server=server, status=status, age_minutes=age, finished_at=timezone.now(), **fields
        )
        makers.log_row(ended, 1)
        makers.log_row(ended, 2, step_number=2)
        return ended

    def _incidents(self, server: Server) -> None:
        world = self._world
        another = alerts.source(actor=world.admin)
        for sender in (world.source, another):
            Incoming.objects.create(source=sender, alerts=[alerts.alert().as_json()])
        opened = incident(server=server, title="It is down")
        incidents.acknowledge(actor=self._user, incident=opened)
        run = makers.execution(
            server=server,
            incident_id=world.incident.pk,
            status=Status.SUCCESS,
            triggered_by_user=self._user,
            age_minutes=20,
        )
        runs.note_started(run, actor=self._user)
        self._rules(server, opened)

    def _rules(self, server: Server, opened: Incident) -> None:
        world, number = self._world, self._number
        other = rule(name=f"rule {number}", labels={"job": "other"}, rank=number, owner=self._user)
        for asked in (world.rule, other):
            for about in (world.incident, opened):
                RuleDecision.objects.create(
                    rule=asked,
                    incident=about,
                    server=server,
                    outcome="STARTED",
                    message="It fits.",
                    conditions=[{"name": "title", "holds": True, "message": "It fits."}],
                    execution=makers.execution(
                        server=server, status=Status.SUCCESS, age_minutes=20, changes=False
                    ),
                    did_fix=True,
                    ended_at=timezone.now(),
                )
            RuleBreaker.objects.create(
                rule=asked,
                server=server,
                message="It did not help.",
                rearmed_by=self._user,
                rearmed_at=timezone.now() if number % 2 else None,
            )

    def _schedules(self, server: Server, group: ServerGroup) -> None:
        world, number = self._world, self._number
        template = _template(f"template {number}", server, self._user)
        own = {"cron_expression": "*/5 * * * *", "owner": self._user}
        made = Schedule.objects.create(name=f"by template {number}", template=template, **own)
        Schedule.objects.create(
            name=f"on a group {number}", runbook=makers.entry(), server_group=group, **own
        )
        for schedule in (made, world.schedule):
            for ran in (template, world.template):
                due = timezone.now() - timedelta(minutes=number, seconds=len(ran.name))
                run = makers.execution(
                    server=server,
                    status=Status.SUCCESS,
                    schedule_id=schedule.pk,
                    template_id=ran.pk,
                    age_minutes=30,
                )
                ScheduleSlot.objects.create(
                    schedule=schedule, due_at=due, state=SlotState.STARTED, execution=run
                )
            ScheduleSlot.objects.create(
                schedule=schedule,
                due_at=timezone.now() + timedelta(seconds=number),
                state=SlotState.REFUSED,
                message="It is off.",
            )
