from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from automation.models import (
    Execution,
    Schedule,
    ScheduleSlot,
    SlotState,
    Template,
    Workflow,
    WorkflowRun,
)
from servers.models import Environment, Server
from tests.automation import makers
from tests.automation.services.workflow_story import look, workflow
from tests.automation.web.test_runbooks import HTMX

As = Callable[[str], Client]
NEW = "/schedules/new/?runbook=SAMPLE_MENDING"


def text_of(answer: Any) -> str:
    """Return the text of a page, also of one that refuses."""
    return str(answer.content.decode())


def typed(server: Server | None = None, **more: Any) -> dict[str, Any]:
    own = {
        "own-name": "Nightly",
        "own-server": str(server.pk) if server else "",
        "own-group": "",
        "own-cron_expression": "15 3 * * 1-5",
        "own-timezone": "Europe/Berlin",
        "own-missed": "RUN_ONCE",
        "own-overlap": "SKIP",
        "own-priority": "2",
        "path": "/tmp/x",
    }
    return {**own, **more}


@pytest.fixture
def schedule(as_: As, server: Server) -> Schedule:
    answer = as_("admin").post(NEW, typed(server))
    assert answer.status_code == 302, text_of(answer)
    return Schedule.objects.get()


def test_what_is_to_run_is_chosen_first(as_: As, server: Server) -> None:
    template = Template.objects.create(name="Mend x", runbook=makers.entry(), server=server)
    page = text_of(as_("admin").get("/schedules/new/"))
    assert f'value="template:{template.pk}"' in page
    form = text_of(as_("admin").get(f"/schedules/new/?what=template:{template.pk}"))
    assert "Those of the template" in form
    assert 'name="path"' not in form
    assert as_("admin").get("/schedules/new/?what=template:x").status_code == 404
    assert 'name="path"' in text_of(as_("admin").get("/schedules/new/?what=runbook:SAMPLE_MENDING"))


def test_a_schedule_is_made_and_shown(as_: As, schedule: Schedule, server: Server) -> None:
    assert (schedule.server, schedule.parameters) == (server, {"path": "/tmp/x"})
    assert (schedule.cron_expression, schedule.timezone) == ("15 3 * * 1-5", "Europe/Berlin")
    for path in ("/schedules/", f"/schedules/{schedule.pk}/"):
        page = text_of(as_("granted").get(path))
        assert "At 03:15, Monday through Friday" in page
        assert "Europe/Berlin" in page
    assert page.count(" 03:15") >= 5


def test_one_of_a_template_runs_where_that_says(as_: As, server: Server) -> None:
    template = Template.objects.create(
        name="Mend x", runbook=makers.entry(), server=server, parameters={"path": "/tmp/y"}
    )
    answer = as_("admin").post(f"/schedules/new/?template={template.pk}", typed())
    assert answer.status_code == 302, text_of(answer)
    row = Schedule.objects.get()
    assert (row.template, row.server) == (template, None)
    assert server.name in text_of(as_("granted").get("/schedules/"))
    as_("admin").post(f"/schedules/{row.pk}/run/")
    assert Execution.objects.get().parameters == {"path": "/tmp/y"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"own-cron_expression": "15 3 * *"}, "this has 4"),
        ({"own-timezone": "Berlin"}, "There is no time zone “Berlin”"),
        ({"own-server": ""}, "Choose"),
        ({"path": ""}, "is needed"),
    ],
)
def test_nothing_typed_is_lost_where_something_is_wrong(
    as_: As, server: Server, more: dict[str, str], said: str
) -> None:
    sent = {**typed(server), "own-description": "Because.", **more}
    answer = as_("admin").post(NEW, sent, headers=HTMX)
    page = text_of(answer)
    assert (answer.status_code, page.lstrip()[:5]) == (422, "<form")
    assert said in page
    assert "Because." in page
    assert not Schedule.objects.exists()


def test_what_is_typed_is_said_in_words_and_times(as_: As, rows: None) -> None:
    path = "/schedules/preview/"
    asked = {"own-cron_expression": "0 7 * * mon", "own-timezone": "Europe/Berlin"}
    part = text_of(as_("granted").get(path, asked))
    assert "Monday" in part
    assert part.count("Mon 20") == 5
    for name, text, said in (
        ("own-cron_expression", "0 25 * * *", "field-error"),
        ("own-timezone", "Nowhere/At_all", "There is no time zone"),
    ):
        assert said in text_of(as_("granted").get(path, {**asked, name: text}))
    assert "field-error" not in text_of(as_("granted").get(path, {}))


def test_production_is_typed_again_at_each_change(as_: As, server: Server) -> None:
    admin = as_("admin")
    Server.objects.update(environment=Environment.PRODUCTION)
    refused = admin.post(NEW, typed(server))
    assert "type its name" in text_of(refused)
    assert admin.post(NEW, typed(server, confirm_server=server.name)).status_code == 302
    row = Schedule.objects.get()
    assert row.is_confirmed
    change = f"/schedules/{row.pk}/edit/"
    assert admin.post(change, typed(server)).status_code == 422
    assert admin.post(change, typed(server, confirm_server=server.name)).status_code == 302
    by_hand = f"/schedules/{row.pk}/run/"
    admin.post(by_hand)
    assert not Execution.objects.exists()
    admin.post(by_hand, {"confirm_server": server.name})
    assert Execution.objects.get().schedule_id == row.pk


def test_pausing_and_going_on(as_: As, schedule: Schedule) -> None:
    path, admin = f"/schedules/{schedule.pk}/active/", as_("admin")
    answer = admin.post(path, {"on": "0", "back": "/schedules/?search=x"})
    assert answer["Location"] == "/schedules/?search=x"
    assert "None while it is paused" in text_of(admin.get(f"/schedules/{schedule.pk}/"))
    assert "Paused" in text_of(admin.get("/schedules/?state=paused"))
    assert "No schedule fits" in text_of(admin.get("/schedules/?state=on"))
    admin.post(path, {"on": "1", "back": "https://elsewhere.example/"})
    assert Schedule.objects.get().is_active


def test_running_it_now(as_: As, schedule: Schedule) -> None:
    answer = as_("granted").post(f"/schedules/{schedule.pk}/run/", {"reason": "I wait for it."})
    run = Execution.objects.get()
    assert answer["Location"] == f"/executions/{run.pk}/"
    assert (run.reason, run.schedule_id) == ("I wait for it.", schedule.pk)
    assert f"/executions/{run.pk}/" in text_of(as_("granted").get(f"/schedules/{schedule.pk}/"))


def test_what_became_of_each_time_and_why(as_: As, schedule: Schedule) -> None:
    now = timezone.now()
    run = makers.execution(schedule_id=schedule.pk, server=schedule.server, status="SUCCESS")
    own = {"schedule": schedule}
    ScheduleSlot.objects.create(
        **own, due_at=now - timedelta(hours=2), state=SlotState.LATE, execution=run
    )
    ScheduleSlot.objects.create(
        **own,
        due_at=now - timedelta(hours=1),
        state=SlotState.REFUSED,
        message="web is in maintenance.",
    )
    page = text_of(as_("granted").get(f"/schedules/{schedule.pk}/"))
    assert f"/executions/{run.pk}/" in page
    assert "Started late" in page
    assert "web is in maintenance." in page
    assert "web is in maintenance." in text_of(as_("granted").get("/schedules/"))


def test_changing_and_deleting_it(as_: As, schedule: Schedule, server: Server) -> None:
    admin, path = as_("admin"), f"/schedules/{schedule.pk}/"
    assert 'value="/tmp/x"' in text_of(admin.get(f"{path}edit/"))
    sent = {**typed(server), "own-cron_expression": "0 4 * * *", "path": "/tmp/y"}
    assert admin.post(f"{path}edit/", sent)["Location"] == path
    row = Schedule.objects.get()
    assert (row.cron_expression, row.parameters) == ("0 4 * * *", {"path": "/tmp/y"})
    assert "stays in the history" in text_of(admin.get(f"{path}delete/"))
    admin.post(f"{path}delete/")
    assert not Schedule.objects.exists()


def test_who_only_reads_changes_nothing(as_: As, schedule: Schedule) -> None:
    reader, path = as_("granted"), f"/schedules/{schedule.pk}/"
    assert "edit/" not in text_of(reader.get(path))
    for way in ("edit/", "delete/"):
        assert reader.get(path + way).status_code == 403
    assert reader.get("/schedules/new/").status_code == 403
    assert reader.post(f"{path}active/", {"on": "0"}).status_code == 403
    assert Schedule.objects.get().is_active


@pytest.fixture
def chain() -> Workflow:
    wanted = [
        {"name": "server", "type": "server", "required": True},
        {"name": "times", "type": "integer", "default": 1},
    ]
    return workflow({"a": look()}, inputs=wanted, name="Look after it")


def of_workflow(server: Server, **more: Any) -> dict[str, Any]:
    names = ("name", "cron_expression", "timezone", "missed", "overlap", "priority")
    own = {f"own-{name}": typed()[f"own-{name}"] for name in names}
    return {**own, "own-input-server": server.name, "own-input-times": "2", **more}


def scheduled(as_: As, chain: Workflow, server: Server) -> Schedule:
    answer = as_("admin").post(f"/schedules/new/?workflow={chain.pk}", of_workflow(server))
    assert answer.status_code == 302, text_of(answer)
    return Schedule.objects.get()


def test_a_workflow_can_be_chosen(as_: As, chain: Workflow, server: Server) -> None:
    workflow({"a": look()}, name="Switched off", is_active=False)
    page = text_of(as_("admin").get("/schedules/new/"))
    assert f'value="workflow:{chain.pk}"' in page
    assert "Switched off" not in page
    form = text_of(as_("admin").get(f"/schedules/new/?what=workflow:{chain.pk}"))
    assert 'name="own-input-server"' in form
    assert 'name="own-cron_expression"' in form
    for name in ("own-server", "own-group", "own-max_parallel", "own-reason"):
        assert f'name="{name}"' not in form
    assert as_("admin").get("/schedules/new/?what=workflow:x").status_code == 404


def test_a_schedule_of_a_workflow_is_made_shown_and_changed(
    as_: As, chain: Workflow, server: Server
) -> None:
    row = scheduled(as_, chain, server)
    assert (row.workflow, row.parameters) == (chain, {"server": server.name, "times": 2})
    for path in ("/schedules/", f"/schedules/{row.pk}/"):
        page = text_of(as_("granted").get(path))
        assert "Look after it" in page
        assert "where the workflow says" in page
    page = text_of(as_("admin").get(f"/schedules/{row.pk}/edit/"))
    assert 'value="2"' in page
    changed = of_workflow(server, **{"own-name": "Weekly", "own-input-times": ""})
    answer = as_("admin").post(f"/schedules/{row.pk}/edit/", changed)
    assert answer.status_code == 302, text_of(answer)
    row.refresh_from_db()
    assert (row.name, row.parameters) == ("Weekly", {"server": server.name})


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"own-cron_expression": "15 3 * *"}, "this has 4"),
        ({"own-input-server": ""}, "is required"),
        ({"own-input-times": "x"}, "whole number"),
        ({"own-name": " "}, "is required"),
    ],
)
def test_nothing_typed_for_a_workflow_is_lost_where_something_is_wrong(
    as_: As, chain: Workflow, server: Server, more: dict[str, str], said: str
) -> None:
    sent = of_workflow(server, **{"own-description": "Because.", **more})
    path = f"/schedules/new/?workflow={chain.pk}"
    answer = as_("admin").post(path, sent, headers=HTMX)
    page = text_of(answer)
    assert (answer.status_code, page.lstrip()[:5]) == (422, "<form")
    assert said in page
    assert "Because." in page
    assert not Schedule.objects.exists()


def test_what_the_service_refuses_of_a_workflow_is_said(as_: As, server: Server) -> None:
    made = workflow({"a": look("gone")}, name="Look at what is gone")
    answer = as_("admin").post(f"/schedules/new/?workflow={made.pk}", of_workflow(server))
    assert answer.status_code == 422
    assert "There is no server gone" in text_of(answer)


def test_a_workflow_in_production_has_to_be_meant(as_: As, chain: Workflow) -> None:
    shop = makers.server(name="shop", environment=Environment.PRODUCTION)
    path = f"/schedules/new/?workflow={chain.pk}"
    answer = as_("admin").post(path, of_workflow(shop))
    assert (answer.status_code, "To run it in production, type" in text_of(answer)) == (422, True)
    sent = of_workflow(shop, confirm_server="shop")
    assert as_("admin").post(path, sent).status_code == 302
    row = Schedule.objects.get()
    assert row.is_confirmed
    client = as_("admin")
    assert "To run it in production, type" in text_of(client.get(f"/schedules/{row.pk}/"))
    client.post(f"/schedules/{row.pk}/run/")
    assert not WorkflowRun.objects.exists()
    client.post(f"/schedules/{row.pk}/run/", {"confirm_server": "shop"})
    assert WorkflowRun.objects.get().is_confirmed


def test_the_runs_of_a_scheduled_workflow_are_linked(
    as_: As, chain: Workflow, server: Server
) -> None:
    row = scheduled(as_, chain, server)
    answer = as_("granted").post(f"/schedules/{row.pk}/run/", {"reason": "Now"})
    run = WorkflowRun.objects.get()
    assert answer.headers["Location"] == f"/workflow-runs/{run.pk}/"
    ScheduleSlot.objects.create(
        schedule=row, due_at=timezone.now(), state="STARTED", workflow_run=run
    )
    for path in ("/schedules/", f"/schedules/{row.pk}/"):
        assert f'href="/workflow-runs/{run.pk}/"' in text_of(as_("granted").get(path))
    assert "Nightly" in text_of(as_("granted").get("/"))
