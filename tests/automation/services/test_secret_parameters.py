import json
from typing import Any

import pytest
from django.db import connection

from automation.engine.results import Status
from automation.models import Execution, SecretParameters
from automation.runner.secret_parameters import opened
from automation.services import batches
from automation.services.batches import BatchLaunch
from automation.services.executions import Launch, launch
from automation.services.retrying import retry
from automation.services.rollbacks import plan
from opsmanager.common.problems import Invalid, Unavailable
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

SECRET = "hunter2 hunter2"


def asked(**changes: Any) -> Launch:
    values: dict[str, Any] = {
        "runbook": makers.entry("SAMPLE_SECRETIVE"),
        "parameters": {"password": SECRET, "path": "/tmp/x"},
        **changes,
    }
    values.setdefault("actor", makers.admin())
    if "server" not in values:
        values["server"] = makers.server()
    return Launch(**values)


def ended(execution: Execution, status: Status = Status.SUCCESS, **changes: Any) -> Execution:
    Execution.objects.filter(pk=execution.pk).update(status=status, waiting_since=None, **changes)
    return Execution.objects.get(pk=execution.pk)


def everything_stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        texts = []
        for table in tables:
            cursor.execute(f"SELECT to_jsonb(row)::text FROM {table} row")
            texts += [text for (text,) in cursor.fetchall()]
    return "\n".join(texts)


def test_it_is_kept_sealed_and_nowhere_else() -> None:
    execution = launch(asked(idempotency_key="abc"))
    execution.refresh_from_db()
    assert execution.parameters == {"path": "/tmp/x"}
    assert execution.secret_parameters is not None
    assert execution.secret_parameters.names == ["password"]
    stored = everything_stored()
    assert execution.secret_parameters.sealed["password"] in stored
    assert "hunter2" not in stored
    assert opened(execution) == {"password": SECRET}


def test_an_execution_without_any_has_no_row_of_secrets() -> None:
    execution = launch(asked(runbook=makers.entry("SAMPLE_EVERY_KIND"), parameters={}))
    assert execution.secret_parameters is None
    assert opened(execution) == {}


def test_without_a_key_to_seal_with_nothing_is_launched(settings) -> None:
    settings.CREDENTIAL_PUBLIC_KEY = ""
    with pytest.raises(Unavailable, match="OPSMANAGER_CREDENTIAL_PUBLIC_KEY"):
        launch(asked())
    assert not Execution.objects.exists()


def test_run_again_it_uses_the_same_secret_without_anybody_entering_it() -> None:
    first = ended(launch(asked()), Status.FAILED)
    again = retry(actor=makers.admin(), execution=first, is_forced=False)
    assert again.secret_parameters == first.secret_parameters
    assert opened(again) == {"password": SECRET}


def test_run_exactly_it_uses_the_secret_of_the_dry_run() -> None:
    wanted = asked(is_dry_run=True)
    dry = ended(launch(wanted))
    exact = launch(
        asked(server=wanted.server, actor=wanted.actor, dry_run=dry, parameters={"path": "/tmp/x"})
    )
    assert opened(exact) == {"password": SECRET}


def test_a_secret_that_is_given_anew_replaces_the_old_one() -> None:
    wanted = asked(is_dry_run=True)
    dry = ended(launch(wanted))
    exact = launch(
        asked(
            server=wanted.server,
            actor=wanted.actor,
            dry_run=dry,
            parameters={"path": "/tmp/x", "password": "another"},
        )
    )
    assert opened(exact) == {"password": "another"}
    assert opened(dry) == {"password": SECRET}


def test_the_secret_of_another_runbook_is_not_taken() -> None:
    other = ended(
        launch(asked(runbook=makers.entry("SAMPLE_EVERY_KIND"), parameters={"token": SECRET}))
    )
    with pytest.raises(Invalid, match="password"):
        launch(asked(retry_of=other, parameters={"path": "/tmp/x"}))


def test_a_row_that_was_turned_to_another_runbook_does_not_open(rows) -> None:
    execution = launch(asked())
    kept = execution.secret_parameters
    assert kept is not None
    kept.runbook = makers.entry("SAMPLE_EVERY_KIND")
    with pytest.raises(Exception, match="was sealed for another place"):
        opened(execution)


def test_a_sealed_text_that_was_put_into_another_row_does_not_open() -> None:
    first, second = launch(asked()), launch(asked())
    taken = first.secret_parameters
    assert taken is not None
    SecretParameters.objects.filter(pk=second.secret_parameters_id).update(sealed=taken.sealed)
    with pytest.raises(Exception, match="was sealed for another place") as refusal:
        opened(Execution.objects.get(pk=second.pk))
    assert "hunter2" not in str(refusal.value)


def test_a_batch_seals_it_once_for_all_its_servers() -> None:
    servers = [makers.server(), makers.server()]
    batch = batches.launch(
        BatchLaunch(
            actor=makers.admin(),
            runbook=makers.entry("SAMPLE_SECRETIVE"),
            parameters={"password": SECRET, "path": "/tmp/x"},
            servers=servers,
        )
    )
    assert SecretParameters.objects.count() == 1
    executions = list(batch.executions.all())
    assert [opened(execution) for execution in executions] == [{"password": SECRET}] * 2
    assert "hunter2" not in everything_stored()


def test_what_a_rollback_would_do_can_be_told_without_the_secret() -> None:
    execution = ended(launch(asked()), steps_done=[1])
    assert plan(execution).steps == [(1, "Write it")]


def test_the_audit_trail_names_no_secret() -> None:
    launch(asked())
    details = makers.last_event("AUTOMATION_EXECUTION_STARTED").details
    assert details["parameters"] == {"path": "/tmp/x"}
    assert "hunter2" not in json.dumps(details)
