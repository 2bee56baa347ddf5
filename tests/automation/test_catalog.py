import sys
from pathlib import Path

import pytest
from pytest_django import Settings

from automation import catalog
from automation.engine.registry import Registry
from automation.models import CatalogEntry
from automation.receivers import sync_catalog
from tests.automation import makers
from tests.automation.samples import Mending


@pytest.mark.django_db
def test_after_the_migrations_the_shipped_runbooks_have_their_rows() -> None:
    entry = CatalogEntry.objects.get(runbook_id="HEALTH_CHECK")
    assert entry.title == "Check the health of a server"
    assert entry.category == "INCIDENT_RESPONSE"
    assert entry.platforms == ["LINUX"]
    assert (entry.changes, entry.is_active, entry.cooldown_minutes) == (False, True, 0)
    assert str(entry) == "HEALTH_CHECK"


@pytest.mark.usefixtures("rows")
def test_what_operators_configured_stays_and_what_the_class_says_is_refreshed() -> None:
    makers.entry(title="Old", cooldown_minutes=99, is_active=False, dangerous=True)
    sync_catalog()
    entry = makers.entry()
    assert entry.title == "Mend a file"
    assert (entry.cooldown_minutes, entry.is_active, entry.dangerous) == (99, False, True)


@pytest.mark.django_db
def test_a_new_runbook_gets_its_own_cooldown_or_else_that_of_the_settings(
    settings: Settings,
) -> None:
    settings.AUTOMATION_DEFAULT_COOLDOWN = 25
    CatalogEntry.objects.all().delete()
    catalog.sync()
    assert CatalogEntry.objects.get(runbook_id="SERVICE_RESTART").cooldown_minutes == 25
    assert CatalogEntry.objects.get(runbook_id="HEALTH_CHECK").cooldown_minutes == 0


@pytest.mark.usefixtures("rows")
def test_the_row_of_a_runbook_that_is_gone_is_kept_until_it_comes_back(
    monkeypatch: pytest.MonkeyPatch, library: Registry
) -> None:
    only = Registry()
    only.add(Mending)
    monkeypatch.setattr(catalog, "runbooks", lambda: only)
    catalog.sync()
    assert not makers.entry("SAMPLE_LOOKING").is_deployed
    assert makers.entry("SAMPLE_MENDING").is_deployed
    monkeypatch.setattr(catalog, "runbooks", lambda: library)
    catalog.sync()
    assert makers.entry("SAMPLE_LOOKING").is_deployed


def test_a_runbook_that_cannot_be_imported_hides_no_other(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    package = tmp_path / "broken_runbooks"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "one.py").write_text("import no_such_module")
    monkeypatch.syspath_prepend(str(tmp_path))
    settings.AUTOMATION_RUNBOOK_PACKAGES = ["automation.runbooks", "broken_runbooks"]
    catalog.runbooks.cache_clear()
    try:
        found = catalog.runbooks()
    finally:
        catalog.runbooks.cache_clear()
        sys.modules.pop("broken_runbooks", None)
    assert "HEALTH_CHECK" in found
    assert "broken_runbooks.one could not be imported" in caplog.text
