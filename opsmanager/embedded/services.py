"""PostgreSQL and Redis for one start: the embedded ones, or those the operator names."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from opsmanager.embedded.data_dir import DataDir
from opsmanager.embedded.errors import ServiceError
from opsmanager.embedded.postgres import Postgres
from opsmanager.embedded.postgres_home import locate
from opsmanager.embedded.reachability import check_database, check_redis
from opsmanager.embedded.redis import Redis
from opsmanager.embedded.secrets import OWNER_URL, Secrets
from opsmanager.embedded.supervisor import Supervisor
from opsmanager.embedded.terminal import Terminal

DATABASE_URL = "DATABASE_URL"
REDIS_URL = "REDIS_URL"


@dataclass(frozen=True, kw_only=True)
class Services:
    """Starts what a start needs, or checks what it was given."""

    data: DataDir
    secrets: Secrets
    environ: Mapping[str, str]
    supervisor: Supervisor
    terminal: Terminal
    throwaway: bool = False
    """The data need not outlive this start."""

    async def start(self) -> dict[str, str]:
        """Return DATABASE_URL and REDIS_URL of services that answer.

        And DATABASE_OWNER_URL where another role owns the tables, which is for `migrate` alone.
        """
        return await self._database() | await self._redis()

    async def _database(self) -> dict[str, str]:
        owner = _given(self.environ, OWNER_URL)
        if given := _given(self.environ, DATABASE_URL):
            await asyncio.to_thread(check_database, given)
            if not owner:
                return {DATABASE_URL: given}
            await asyncio.to_thread(check_database, owner, name=OWNER_URL)
            return {DATABASE_URL: given, OWNER_URL: owner}
        if owner:
            raise ServiceError(
                f"{OWNER_URL} is set, and {DATABASE_URL} is not. Set both, or neither to use the "
                "embedded PostgreSQL."
            )
        home = locate(self.data.path)
        if home.account:
            self.terminal.say(f"PostgreSQL refuses to run as root: it runs as {home.account.name}")
        if home.is_outside:
            self.terminal.say(
                f"{home.account.name if home.account else ''} may not enter {self.data.path}: "
                f"PostgreSQL's data lie in {home.cluster}"
            )
        postgres = Postgres(
            home=home,
            superuser_password=self.secrets.password("POSTGRES_SUPERUSER_PASSWORD"),
            role_password=self.secrets.password("POSTGRES_PASSWORD"),
            owner_password=self.secrets.password("POSTGRES_OWNER_PASSWORD"),
            throwaway=self.throwaway,
        )
        if postgres.needs_recovery:
            self.terminal.say("the last run was killed: PostgreSQL recovers its data")
        self.terminal.say("starting PostgreSQL")
        await postgres.prepare(self.supervisor)
        urls = await postgres.start(self.supervisor)
        return {DATABASE_URL: urls.role, OWNER_URL: urls.owner}

    async def _redis(self) -> dict[str, str]:
        if given := _given(self.environ, REDIS_URL):
            await asyncio.to_thread(check_redis, given)
            return {REDIS_URL: given}
        self.terminal.say("starting Redis")
        redis = Redis(
            folder=self.data.path / "redis",
            password=self.secrets.password("REDIS_PASSWORD"),
        )
        return {REDIS_URL: await redis.start(self.supervisor)}


def _given(environ: Mapping[str, str], name: str) -> str:
    """The operator's setting, from NAME_FILE or NAME; empty when there is none."""
    file = environ.get(f"{name}_FILE", "")
    if not file:
        return environ.get(name, "")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ServiceError(
            f"{name}_FILE names {file}, which cannot be read. Check the path and who may read it."
        ) from None
