from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import AnonymousUser

from automation.engine.results import Status
from incidents.selectors.suggestions import Suggestion, suggestions
from servers.models import Platform
from tests.automation import makers
from tests.incidents.makers import incident as opened

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def suggested(**fields: Any) -> dict[str, Suggestion]:
    return {each.runbook_id: each for each in suggestions(makers.user(), opened(**fields))}


def test_a_fix_is_suggested_when_the_labels_fill_what_it_needs() -> None:
    incident = opened(labels={"path": "/srv/x"})
    found = {each.runbook_id: each for each in suggestions(makers.user(), incident)}
    mending = found["SAMPLE_MENDING"]
    assert mending.parameters == {"path": "/srv/x"}
    assert mending.changes
    assert mending.why == "The alert says path = /srv/x."
    page = urlsplit(mending.url)
    assert page.path == "/runbooks/SAMPLE_MENDING/"
    assert parse_qs(page.query) == {
        "path": ["/srv/x"],
        "server": [str(incident.server_id)],
        "incident": [str(incident.pk)],
    }


def test_the_first_label_that_is_there_is_taken() -> None:
    assert suggested(labels={"file": "/b"})["SAMPLE_MENDING"].parameters == {"path": "/b"}
    both = suggested(labels={"file": "/b", "path": "/a"})
    assert both["SAMPLE_MENDING"].parameters == {"path": "/a"}


@pytest.mark.parametrize("labels", [{}, {"job": "web"}, {"path": ""}, {"path": "a\nb"}])
def test_no_fix_is_suggested_for_which_nothing_speaks(labels: dict[str, str]) -> None:
    found = suggested(labels=labels)
    assert "SAMPLE_MENDING" not in found
    assert "SAMPLE_DANGEROUS" not in found


def test_what_only_reads_is_suggested_to_look_closer() -> None:
    looking = suggested(labels={})["SAMPLE_LOOKING"]
    assert not looking.changes
    assert looking.why == "It only reads, so it can do no harm."
    assert looking.parameters == {}


def test_a_label_fills_a_list() -> None:
    every_kind = suggested(labels={"who": "anna"})["SAMPLE_EVERY_KIND"]
    assert every_kind.parameters["names"] == ["anna"]
    assert "names=anna" in every_kind.url


def test_a_restart_is_suggested_for_the_unit_of_the_alert() -> None:
    found = suggested(labels={"unit": "nginx.service"})
    assert found["SERVICE_RESTART"].parameters["serviceName"] == "nginx.service"
    assert found["HEALTH_CHECK"].parameters["services"] == ["nginx.service"]


def test_what_fixed_such_incidents_most_often_comes_first() -> None:
    for _ in range(2):
        before = opened(status="RESOLVED")
        makers.execution(
            "SAMPLE_LOOKING", incident_id=before.pk, status=Status.SUCCESS, verdict="FIXED"
        )
    before = opened(status="RESOLVED")
    makers.execution(incident_id=before.pk, status=Status.SUCCESS, verdict="FIXED")
    makers.execution(incident_id=before.pk, status=Status.SUCCESS, verdict="NOT_FIXED")
    other = opened(title="Disk is full", status="RESOLVED")
    makers.execution("SAMPLE_FAULTY", incident_id=other.pk, verdict="FIXED")

    found = suggestions(makers.user(), opened())

    assert [(each.runbook_id, each.fixed_count) for each in found[:2]] == [
        ("SAMPLE_LOOKING", 2),
        ("SAMPLE_MENDING", 1),
    ]
    rest = found[2:]
    assert {each.fixed_count for each in rest} == {0}
    assert [each.title for each in rest] == sorted(each.title for each in rest)


def test_nothing_is_suggested_without_a_server() -> None:
    assert suggested(server=None) == {}


def test_nothing_is_suggested_that_is_switched_off_or_for_another_platform() -> None:
    makers.entry("SAMPLE_LOOKING", is_active=False)
    assert "SAMPLE_LOOKING" not in suggested()
    assert "SAMPLE_WINDOWS" not in suggested()
    windows = suggested(server=makers.server(platform=Platform.WINDOWS))
    assert set(windows) == {"SAMPLE_WINDOWS"}


def test_nothing_is_suggested_to_who_may_not_see_runbooks() -> None:
    incident = opened()
    assert suggestions(makers.user("HR"), incident) == []
    assert suggestions(AnonymousUser(), incident) == []


def test_a_runbook_whose_code_is_gone_is_not_suggested() -> None:
    from automation.models import CatalogEntry

    CatalogEntry.objects.create(
        runbook_id="GONE", title="Gone", platforms=["LINUX"], is_deployed=False
    )
    assert "GONE" not in suggested()
