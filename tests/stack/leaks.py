"""Looks for planted secrets wherever a running OpsManager keeps or shows something."""

import base64
import http.cookiejar
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote, urlsplit

import psycopg
import redis
from psycopg import sql

from tests.support.routes import routes

_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")


def shapes(secret: str) -> set[str]:
    """Return what gives the secret away: its halves, and each encoding of it.

    Of base64 the ends are left out, which depend on what surrounds it.
    """
    data = secret.encode()
    encoded = {secret, secret[:20], secret[-16:], secret[10:28], data.hex(), data.hex().upper()}
    encoded |= {quote(secret, safe=""), secret.replace("-", "%2D"), secret.replace("/", "\\/")}
    for before in (b"", b"u", b"uu"):
        text = base64.b64encode(before + data).decode()
        encoded |= {text[4:24], text[24:-4], text[4:24].translate(str.maketrans("+/", "-_"))}
    return {shape for shape in encoded if len(shape) >= 12}


def leaks(secrets: dict[str, str], text: str) -> set[str]:
    """Return the names of the secrets that a text gives away, with how."""
    found = set()
    for name, secret in secrets.items():
        for shape in shapes(secret):
            at = text.find(shape)
            if at >= 0:
                found.add(f"{name}: …{text[max(0, at - 60) : at + 80]!r}")
    return found


def database_dump(url: str) -> Iterator[tuple[str, str]]:
    """Return each table's name and all of its rows as text, the sealed columns too."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p')"
            " AND c.relnamespace = 'public'::regnamespace AND NOT c.relispartition"
        ).fetchall()
        assert len(tables) > 20
        for (table,) in tables:
            copy = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(sql.Identifier(table))
            with connection.cursor() as cursor, cursor.copy(copy) as rows:
                # COPY writes a backslash as two.
                yield table, b"".join(rows).decode().replace("\\\\", "\\")


def redis_dump(url: str) -> str:
    """Return all keys and values, whatever their type."""
    with redis.Redis.from_url(url) as client:
        found = []
        for key in client.scan_iter():
            kind = client.type(key)
            value: object = {
                b"string": client.get,
                b"list": lambda name: client.lrange(name, 0, -1),
                b"set": client.smembers,
                b"hash": client.hgetall,
                b"zset": lambda name: client.zrange(name, 0, -1),
            }[kind](key)
            found.append(f"{key!r} {value!r}")
    return "\n".join(found)


@contextmanager
def redis_traffic(url: str) -> Iterator[list[str]]:
    """Return a list that grows by each command that this database of Redis is sent, meanwhile."""
    said: list[str] = []
    client = redis.Redis.from_url(url)
    number = int(client.connection_pool.connection_kwargs.get("db") or 0)
    ending = threading.Event()

    def listen() -> None:
        with suppress(redis.RedisError, OSError, ValueError), client.monitor() as monitor:
            for command in monitor.listen():
                if int(command["db"]) == number:
                    said.append(str(command["command"]))
                if ending.is_set():
                    return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield said
    finally:
        ending.set()
        with redis.Redis.from_url(url) as other:
            other.ping()
        thread.join(30)
        client.close()


class Pages:
    """The pages as somebody who logged in sees them."""

    def __init__(self, address: str, *, username: str, password: str) -> None:
        self._address = address
        jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        status, page = self.post("/login/", username=username, password=password)
        assert status == 200, page
        assert "/logout/" in page

    def get(self, path: str, *, accept: str = "text/html") -> tuple[int, str]:
        """Return status and body, whichever they are."""
        request = urllib.request.Request(self._address + path, headers={"Accept": accept})
        return self._send(request)

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        """Send the form of a page back with these fields."""
        _, page = self.get(path)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None, page
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        headers = {"Referer": self._address + path}
        return self._send(urllib.request.Request(self._address + path, data, headers))

    def _send(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with self._opener.open(request, timeout=120) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode(errors="replace")


def addresses(ids: list[str], words: list[str]) -> list[str]:
    """Return every address of the product that can be asked for, with each of these in its place.

    ``ids`` stand for what is a UUID or an object's id, ``words`` for the rest.
    """
    found: dict[str, None] = {}
    for pattern in routes():
        if "(?P" in pattern:
            continue
        wanted = _PARAMETER.search(pattern)
        if wanted is None:
            found[f"/{pattern}"] = None
            continue
        for value in ids if wanted[1] in ("uuid", "path", "int") else words:
            path = _PARAMETER.sub(value, pattern)
            found[f"/{path}"] = None
    return [path for path in found if "logout" not in path and "<" not in path]


def netloc(url: str) -> str:
    """Return host and port of a URL."""
    return urlsplit(url).netloc
