import pytest
from django.test import Client

from tests.support.users import signed_in, user_with


@pytest.fixture
def admin() -> Client:
    return signed_in(user_with("ADMIN", name="ann"))
