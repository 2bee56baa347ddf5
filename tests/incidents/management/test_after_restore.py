import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from automation.engine.results import Status
from automation.models import Execution
from incidents.models import Delivery, Incident, RemediationRule, RuleMode, Source
from opsmanager.accounts.models import ApiLogin, BrowserSession
from opsmanager.audit.models import AuditEvent
from opsmanager.common import origin, pulse
from opsmanager.notifications.models import Delivery as Message
from opsmanager.notifications.models import DeliveryState
from tests.automation import makers
from tests.incidents import makers as incidents
from tests.opsmanager.notifications import makers as channels

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def after_restore(*options: str) -> str:
    said = io.StringIO()
    call_command("after_restore", *options, stdout=said)
    return said.getvalue()


def test_nothing_that_a_backup_held_starts_anything() -> None:
    origin.doubt()
    pulse.note("worker", "of last night")
    execution = makers.execution()
    rule = incidents.rule()
    incident = incidents.incident()
    Incident.objects.update(look_again_at=timezone.now())
    source = Source.objects.create(name="am", slug="am", kind="ALERTMANAGER")
    Delivery.objects.create(source=source)

    said = after_restore()

    assert "1 executions may have run after the backup: UNKNOWN" in said
    assert "1 automatic rules only suggest now." in said
    assert "1 deliveries of alerts that waited were left out." in said
    assert not origin.is_foreign()
    assert not pulse.seen().exists()
    assert Execution.objects.get(pk=execution.pk).status == Status.UNKNOWN
    assert RemediationRule.objects.get(pk=rule.pk).mode == RuleMode.SUGGEST
    assert Incident.objects.get(pk=incident.pk).look_again_at is None
    assert "restored from a backup" in Delivery.objects.get().message
    assert AuditEvent.objects.filter(verb="INCIDENT_RULE_MODE_CHANGED").count() == 1
    assert AuditEvent.objects.get(verb="DATABASE_RESTORED").message in said.replace("\n", " ")


def test_messages_that_waited_are_not_sent_and_people_hear_of_what_is_unknown() -> None:
    channel = channels.channel()
    old = Message.objects.create(
        channel=channel, event="X", severity="LOW", title="old", body="", key="old"
    )
    makers.execution()
    after_restore()
    old.refresh_from_db()
    assert (old.state, old.next_attempt_at) == (DeliveryState.FAILED, None)
    assert "It may have been sent" in old.error
    (new,) = Message.objects.exclude(pk=old.pk)
    assert new.state == DeliveryState.PENDING


def test_everybody_signs_in_again() -> None:
    user = makers.user()
    now = timezone.now()
    BrowserSession.objects.create(session_key="x", session_data="", expire_date=now, user=user)
    ApiLogin.objects.create(user=user, refresh_id=user.pk, expires_at=now)
    assert "2 logins were ended" in after_restore()
    assert not BrowserSession.objects.exists()
    assert ApiLogin.objects.get().ended_why == "REVOKED"


def test_a_database_that_was_only_moved_goes_on_as_it_is() -> None:
    origin.doubt()
    row = makers.execution()
    said = after_restore("--nothing-was-lost")
    assert "executions" not in said
    assert not origin.is_foreign()
    assert Execution.objects.get(pk=row.pk).status == Status.PENDING
    assert AuditEvent.objects.filter(verb="DATABASE_MOVED").exists()


def test_a_check_changes_nothing_and_fails_where_it_is_to_be_run() -> None:
    row = makers.execution()
    assert "not known to be restored" in after_restore("--check")
    origin.doubt()
    with pytest.raises(CommandError, match="restored or copied"):
        after_restore("--check")
    assert origin.is_foreign()
    assert Execution.objects.get(pk=row.pk).status == Status.PENDING
