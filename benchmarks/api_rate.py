"""How many requests a second the API and the pages' polls answer, and how long each waits.

The whole is real and on this machine: web, PostgreSQL, Redis, and `wrk` (Debian: wrk) with 32
connections that stay open, which takes its share of the same processors. Who asks is checked with
each request, as always. Run it on an idle machine: `make bench-api`.
"""

import argparse
import http.client
import json
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from benchmarks.circumstances import circumstances
from benchmarks.fleet import fleet
from benchmarks.throughput import ORGANISATION
from tests.stack.stack import PASSWORD, Stack, running

CONNECTIONS = 32
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s)")
_FACTORS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
_POST = """
wrk.method = "POST"
wrk.body = '{body}'
wrk.headers["Content-Type"] = "application/json"
"""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, sent again and again."""

    name: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    goal: float | None = None
    """Requests a second."""


def main() -> None:
    """Measure, print a table, and store the figures where --output says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=8, help="for each call")
    parser.add_argument("--output", type=Path, help="file for the figures, as JSON")
    asked = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("The benchmark needs wrk (Debian: apt-get install wrk).")
    with (
        tempfile.TemporaryDirectory(prefix="opsmanager-bench-") as name,
        fleet(Path(name), 1) as one,
    ):
        folder = Path(name)
        with running(folder / "stack", PYTHONPATH=str(ORGANISATION)) as stack:
            host = one.hosts[0]
            server = stack.server(
                "bench",
                hostname=host.address,
                port=host.port,
                username=one.user,
                private_key=one.private_key,
            )
            execution = stack.api().run("BENCH_READ", server)
            rows = [
                measured(stack, call, folder, asked.seconds)
                for call in calls(stack, server, execution)
            ]
    if asked.output:
        asked.output.write_text(json.dumps(report(rows), indent=2) + "\n")


def calls(stack: Stack, server: dict[str, Any], execution: dict[str, Any]) -> list[Call]:
    """Return what is asked, each call with what it needs to be let in."""
    bearer = {"Authorization": f"Bearer {stack.api().token()}"}
    cookie = {"Cookie": f"sessionid={session(stack)}"}
    pk = execution["id"]
    launch = {"runbookId": "BENCH_SLEEP", "serverId": server["id"], "parameters": {"seconds": 0}}
    return [
        Call(name="GET execution", path=f"/api/v1/automation/executions/{pk}", headers=bearer,
             goal=1500),
        Call(name="GET logs", path=f"/api/v1/automation/executions/{pk}/logs", headers=bearer,
             goal=1500),
        Call(name="poll without news", path=poll(stack, server, cookie), headers=cookie, goal=1500),
        Call(name="GET executions", path="/api/v1/automation/executions", headers=bearer),
        Call(name="GET servers", path="/api/v1/servers", headers=bearer),
        Call(name="GET auth/me", path="/api/v1/auth/me", headers=bearer),
        Call(name="page of an execution", path=f"/executions/{pk}/", headers=cookie),
        Call(name="POST execution", path="/api/v1/automation/executions", headers=bearer,
             body=json.dumps(launch), goal=150),
    ]  # fmt: skip


def session(stack: Stack) -> str:
    """Log in as a browser does; return the session's cookie."""
    connection = http.client.HTTPConnection(urlsplit(stack.address).netloc, timeout=60)
    connection.request("GET", "/login/")
    cookies = _cookies(connection.getresponse())
    fields = {
        "username": "admin",
        "password": PASSWORD,
        "csrfmiddlewaretoken": cookies["csrftoken"],
    }
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"csrftoken={cookies['csrftoken']}",
        "Referer": stack.address,
    }
    connection.request("POST", "/login/", urlencode(fields), headers)
    return _cookies(connection.getresponse())["sessionid"]


def _cookies(answer: http.client.HTTPResponse) -> dict[str, str]:
    answer.read()
    said = [value for name, value in answer.getheaders() if name.lower() == "set-cookie"]
    return dict(cookie.partition(";")[0].split("=", 1) for cookie in said)


def poll(stack: Stack, server: dict[str, Any], cookie: dict[str, str]) -> str:
    """Return the path by which the monitor of an execution that runs asks for news."""
    api = stack.api()
    launched = api.launch("BENCH_SLEEP", server, parameters={"seconds": 60}).expect(201)
    pk = launched["execution"]["id"]
    while api.get(f"automation/executions/{pk}").expect(200)["execution"]["status"] == "PENDING":
        time.sleep(0.2)
    time.sleep(1)
    connection = http.client.HTTPConnection(urlsplit(stack.address).netloc, timeout=60)
    connection.request("GET", f"/executions/{pk}/", headers=cookie)
    page = connection.getresponse().read().decode()
    (path,) = set(re.findall(r'hx-get="(/executions/[^"]*/state/[^"]*)"', page))
    return path.replace("&amp;", "&")


def measured(stack: Stack, call: Call, folder: Path, seconds: int) -> dict[str, Any]:
    """Ask for so many seconds; print and return what came of it."""
    words = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "--timeout", "30s"]
    for name, value in call.headers.items():
        words += ["-H", f"{name}: {value}"]
    if call.body:
        script = folder / "post.lua"
        script.write_text(_POST.format(body=call.body))
        words += ["-s", str(script)]
    ended = subprocess.run(
        [*words, stack.address + call.path],
        check=True,
        capture_output=True,
        text=True,
        timeout=seconds + 120,
    )
    row = {"call": call.name, "goal": call.goal, **read(ended.stdout)}
    goal = f"  goal {call.goal:.0f}/s" if call.goal else ""
    bad = f"  NOT ANSWERED WELL: {row['bad']}" if row["bad"] else ""
    print(
        f"{call.name:<24} {row['perSecond']:8.0f}/s   p50 {row['p50']:7.1f} ms   "
        f"p99 {row['p99']:7.1f} ms{goal}{bad}",
        flush=True,
    )
    return row


def read(said: str) -> dict[str, Any]:
    """Return the figures that wrk says."""
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    assert rate is not None, said
    return {
        "perSecond": float(rate[1]),
        "p50": _milliseconds(said, "50%"),
        "p99": _milliseconds(said, "99%"),
        "bad": int(bad[1]) if bad else 0,
    }


def _milliseconds(said: str, part: str) -> float:
    found = re.search(rf"^\s+{part}\s+(\S+)", said, re.MULTILINE)
    parsed = _SECONDS.fullmatch(found[1]) if found else None
    assert parsed is not None, said
    return float(parsed[1]) * _FACTORS[parsed[2]]


def report(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures with what they were measured on."""
    return {
        **circumstances(),
        "connections": CONNECTIONS,
        "rows": rows,
    }


if __name__ == "__main__":
    main()
