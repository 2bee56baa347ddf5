"""Workflows in the Django admin."""

import pytest

from automation import workflows as core
from automation.services import workflows
from tests.automation import makers
from tests.support.users import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def test_a_workflow_is_shown_with_its_definition_as_yaml() -> None:
    actor = makers.admin(is_staff=True)
    raw = {"name": "Mend it", "nodes": {"told": {"kind": "note", "text": "<b>Hello</b>"}}}
    row = workflows.save(actor=actor, definition=core.parsed(raw))
    client = signed_in(actor)
    page = client.get(f"/admin/automation/workflow/{row.pk}/change/").content.decode()
    assert "kind: note" in page
    assert "&lt;b&gt;Hello&lt;/b&gt;" in page
    assert 'name="_save"' not in page
    assert "On" in client.get("/admin/automation/workflow/").content.decode()
    workflows.set_active(actor=actor, workflow=row, on=False)
    listed = client.get("/admin/automation/workflow/?q=mend").content.decode()
    assert "Switched off" in listed
