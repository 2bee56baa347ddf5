"""The embedded Redis: answers on loopback to who knows the password."""

import asyncio
from pathlib import Path

import pytest
import redis

from opsmanager.embedded import redis as module
from opsmanager.embedded.errors import ServiceError
from opsmanager.embedded.redis import Redis
from opsmanager.embedded.supervisor import Supervisor


def test_it_answers_to_who_knows_the_password(supervisor: Supervisor, tmp_path: Path) -> None:
    folder = tmp_path / "with a space"

    async def work() -> None:
        try:
            url = await Redis(folder=folder, password="pass").start(supervisor)
            with redis.Redis.from_url(url) as client:
                assert client.ping()
                assert client.config_get("save") == {"save": ""}
            with (
                redis.Redis.from_url(url.replace(":pass@", "")) as stranger,
                pytest.raises(redis.AuthenticationError),
            ):
                stranger.ping()
        finally:
            await supervisor.stop()

    asyncio.run(work())
    assert (folder / "redis.conf").stat().st_mode & 0o777 == 0o600


def test_a_missing_server_is_explained(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ServiceError, match="set REDIS_URL to a Redis of your own"):
        asyncio.run(Redis(folder=tmp_path, password="pass").start(supervisor))
