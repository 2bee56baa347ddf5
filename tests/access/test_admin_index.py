"""The first page of the Django admin: what each role may open, under the words of its tasks."""

import pytest

from tests.access import personas, world
from tests.support.users import signed_in, user_with

LOOKS = {"Runbooks", "Servers", "Executions"}
ADMIN = {"Runbooks", "Servers", "Server groups", "Credentials", "Host keys", "Executions"}
ADMIN |= {"Incidents", "Sources of alerts", "Audit events", "Housekeeping"}
BY_ITSELF = {"Approvals", "Templates", "Workflows", "Schedules", "Remediation rules"}
ADMIN |= BY_ITSELF | {"Channels", "Deliveries", "Processes"}
SHOWN = {
    "SUPER_ADMIN": ADMIN | {"Users", "Roles", "API tokens", "Identities"},
    "ADMIN": ADMIN,
    "MANAGER": LOOKS | BY_ITSELF | {"Incidents"},
    "NOC": LOOKS | BY_ITSELF | {"Incidents"},
    "HELPDESK": LOOKS,
}


@pytest.mark.django_db
@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("role", SHOWN)
def test_each_role_with_staff_status_finds_what_it_may_open(role: str) -> None:
    user = personas.make(role, world.make().server)
    assert user is not None
    page = signed_in(user).get("/admin/")
    sections = page.context["app_list"]
    assert {row["name"] for section in sections for row in section["models"]} == SHOWN[role]
    # Everything says what it is for, and stands under a task.
    assert all(row["about"] for section in sections for row in section["models"])
    assert "More" not in {section["name"] for section in sections}


@pytest.mark.django_db
def test_who_may_open_nothing_is_told_what_to_do() -> None:
    stranger = signed_in(user_with("HR", is_staff=True))
    assert "Nothing for you here" in stranger.get("/admin/").content.decode()
