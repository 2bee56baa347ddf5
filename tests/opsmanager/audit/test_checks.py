import pytest
from django.core.checks import run_checks

pytestmark = pytest.mark.django_db


def test_a_role_that_owns_the_trail_is_warned_of() -> None:
    (warning,) = [each for each in run_checks(databases=["default"]) if each.id == "audit.W001"]
    assert "owns the audit trail" in warning.msg
    assert "DATABASE_OWNER_URL" in warning.hint


def test_without_a_database_nothing_is_asked(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert not [each for each in run_checks() if each.id == "audit.W001"]
