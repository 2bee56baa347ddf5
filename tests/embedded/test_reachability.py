"""Services that the operator brings along: what is wrong with them, without their password."""

import os
from urllib.parse import urlsplit

import pytest

from opsmanager.embedded import port as ports
from opsmanager.embedded.errors import ServiceError
from opsmanager.embedded.reachability import check_database, check_redis

SECRET = "hunter2-hunter2"


def test_services_that_answer_pass() -> None:
    check_database(os.environ["DATABASE_URL"])
    check_redis(os.environ["REDIS_URL"])


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"mysql://u:{SECRET}@127.0.0.1/db", "does not name a PostgreSQL"),
        (SECRET, "does not name a PostgreSQL"),
        (f"postgresql://u:{SECRET}@127.0.0.1:{{port}}/db", "Connection refused"),
        (f"postgresql://u:{SECRET}@no-such-host.invalid/db", "no-such-host.invalid"),
        (f"postgresql://u:{SECRET}@127.0.0.1:nan/db", "DATABASE_URL"),
        (f"postgresql://u:{SECRET}@127.0.0.1/db?no_such_option=1", "cannot be read"),
    ],
)
def test_a_broken_database_url_is_explained(url: str, says: str) -> None:
    with pytest.raises(ServiceError) as problem:
        check_database(url.format(port=ports.free()))
    assert says in str(problem.value)
    assert "leave DATABASE_URL out" in str(problem.value)
    assert SECRET not in str(problem.value)


def test_a_wrong_password_is_told_apart() -> None:
    where = urlsplit(os.environ["DATABASE_URL"])
    with pytest.raises(ServiceError, match="password authentication failed") as problem:
        check_database(f"postgresql://opsmanager:{SECRET}@{where.hostname}:{where.port}/postgres")
    assert SECRET not in str(problem.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"amqp://:{SECRET}@127.0.0.1", "does not name a Redis"),
        (f"redis://:{SECRET}@127.0.0.1:{{port}}/0", "refused"),
        (f"redis://:{SECRET}@127.0.0.1:nan/0", "REDIS_URL"),
    ],
)
def test_a_broken_redis_url_is_explained(url: str, says: str) -> None:
    with pytest.raises(ServiceError) as problem:
        check_redis(url.format(port=ports.free()))
    assert says in str(problem.value)
    assert "leave REDIS_URL out" in str(problem.value)
    assert SECRET not in str(problem.value)


def test_a_wrong_redis_password_is_told_apart() -> None:
    where = urlsplit(os.environ["REDIS_URL"])
    with pytest.raises(ServiceError, match="password") as problem:
        check_redis(f"redis://:{SECRET}@{where.hostname}:{where.port}/0")
    assert SECRET not in str(problem.value)
