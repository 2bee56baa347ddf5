"""How a Redis is named: one server, or several sentinels that know which one leads now.

``sentinel://:password@host:26379,host:26379/0?master=opsmanager`` names the sentinels and what they
call the servers that they watch; the password is that of those servers. No settings are read here.
"""

from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

import redis
from redis.sentinel import Sentinel, SentinelConnectionPool

SENTINEL: Final = "sentinel"
EXAMPLE: Final = "sentinel://:password@host:26379,host:26379/0?master=opsmanager"
_PORT: Final = 26379


@dataclass(frozen=True, kw_only=True)
class Sentinels:
    """What such a URL says."""

    hosts: tuple[tuple[str, int], ...]
    master: str
    database: int
    username: str | None
    password: str | None = field(repr=False)


def sentinels(url: str) -> Sentinels | None:
    """Return what a URL says of sentinels; ``None`` for that of one server.

    Raises :class:`ValueError`, without the URL, for one that can't be read.
    """
    parts = urlsplit(url)
    if parts.scheme != SENTINEL:
        return None
    named = parts.netloc.rpartition("@")[2]
    hosts = tuple(_host(each) for each in named.split(","))
    (master,) = parse_qs(parts.query).get("master", [""])
    database = parts.path.removeprefix("/") or "0"
    if not master or not database.isdecimal():
        raise ValueError("It names no master, or no database by its number.")
    return Sentinels(
        hosts=hosts,
        master=master,
        database=int(database),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def pool(url: str, **options: Any) -> redis.ConnectionPool:
    """Return connections to the Redis, or to the one that the sentinels say leads.

    Sentinels are asked anew for each connection that is made. Raises :class:`ValueError`.
    """
    said = sentinels(url)
    if said is None:
        return redis.ConnectionPool.from_url(url, **options)
    patience = {key: value for key, value in options.items() if key.startswith("socket_")}
    return SentinelConnectionPool(  # type: ignore[no-untyped-call]
        said.master,
        Sentinel(said.hosts, sentinel_kwargs=patience),  # type: ignore[no-untyped-call]
        db=said.database,
        username=said.username,
        password=said.password,
        **options,
    )


def broker(url: str) -> tuple[str, dict[str, Any]]:
    """Return the URL, or several in one, by which Celery finds it, and the transport's options."""
    said = sentinels(url)
    if said is None:
        return url, {}
    user, password = quote(said.username or "", safe=""), quote(said.password or "", safe="")
    login = f"{user}:{password}@" if password else ""
    urls = [f"{SENTINEL}://{login}{host}:{port}/{said.database}" for host, port in said.hosts]
    return ";".join(urls), {"master_name": said.master}


def _host(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError("It names no host.")
    return parts.hostname, parts.port or _PORT
