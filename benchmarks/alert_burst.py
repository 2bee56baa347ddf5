"""How long a burst of alerts takes: to be answered, and to be all incidents.

Everything is real and on this machine: web, worker, PostgreSQL and Redis as processes. A thousand
requests come from several threads, then one request with many alerts. Each fingerprint is told
twice and must become one incident. Run it on an idle machine: `make bench-alerts`.
"""

import argparse
import http.client
import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

from tests.stack.stack import UNTHROTTLED, Stack, running

GOAL_MS = 200
_COUNTS = """
from incidents.models import Delivery, Incident
mine = Incident.objects.filter(source=given["source"])
print(json.dumps({
    "waiting": Delivery.objects.filter(handled_at=None).count(),
    "incidents": mine.count(),
    "fingerprints": mine.values("fingerprint").distinct().count(),
    "seen": sum(mine.values_list("times_seen", flat=True)),
}))
"""


def main() -> None:
    """Measure, print, and end with 1 where something is lost or the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=1000, help="with one alert each")
    parser.add_argument("--many", type=int, default=1000, help="alerts in one request")
    parser.add_argument("--threads", type=int, default=16, help="senders at once")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="opsmanager-bench-") as folder,
        running(Path(folder), **UNTHROTTLED) as stack,
    ):
        one = burst(stack, "burst", asked.requests, asked.threads)
        all_at_once = burst(stack, "bulk", 1, 1, alerts=asked.many)
    sys.exit(0 if one and all_at_once else 1)


def burst(stack: Stack, slug: str, requests: int, threads: int, *, alerts: int = 1) -> bool:
    """Send, wait until all is taken in, print; return whether nothing was lost or slow."""
    source = {"name": slug, "slug": slug, "kind": "alertmanager"}
    token = stack.api().post("incidents/sources", source).expect(201)["token"]
    bodies = [body(number, alerts) for number in range(requests)]
    began = time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        answers = list(pool.map(lambda text: post(stack, slug, token, text), bodies))
    sent = time.monotonic() - began
    found = counted(stack, slug)
    while found["waiting"]:
        time.sleep(0.2)
        found = counted(stack, slug)
    taken = time.monotonic() - began
    told = requests * alerts
    wanted = len({number // 2 for number in range(told)})
    times = sorted(seconds * 1000 for _status, seconds in answers)
    cuts = quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
    accepted = sum(status == 202 for status, _seconds in answers)
    print(f"\n{requests} requests of {alerts} alerts, {threads} at once: {accepted} accepted.")
    print(f"  answered   p50 {cuts[49]:.0f} ms   p95 {cuts[94]:.0f} ms   max {times[-1]:.0f} ms")
    print(f"  all sent after {sent:.1f} s, all taken in after {taken:.1f} s")
    print(f"  {found['incidents']} incidents of {wanted} fingerprints, seen {found['seen']} times")
    print(f"  the goal: none lost, p50 under {GOAL_MS} ms for one alert")
    is_whole = found["incidents"] == found["fingerprints"] == wanted and found["seen"] == told
    return accepted == requests and is_whole and (alerts > 1 or cuts[49] < GOAL_MS)


def body(number: int, alerts: int) -> bytes:
    """Return a delivery of Alertmanager; two alerts after one another are the same trouble."""
    rows = [
        {
            "status": "firing",
            "labels": {"alertname": "Down", "instance": f"web-{(number * alerts + each) // 2}"},
            "annotations": {"summary": "It is down"},
            "startsAt": "2026-01-31T03:04:05Z",
        }
        for each in range(alerts)
    ]
    return json.dumps({"version": "4", "alerts": rows}).encode()


def post(stack: Stack, slug: str, token: str, text: bytes) -> tuple[int, float]:
    """Send it; return the status, and the seconds that the answer took."""
    place = urlsplit(stack.address)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    began = time.monotonic()
    link = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    try:
        link.request("POST", f"/api/v1/incidents/webhooks/{slug}", text, headers)
        answer = link.getresponse()
        answer.read()
        return answer.status, time.monotonic() - began
    finally:
        link.close()


def counted(stack: Stack, slug: str) -> dict[str, Any]:
    """Return what the database holds."""
    found: dict[str, Any] = json.loads(stack.python(_COUNTS, source=slug))
    return found


if __name__ == "__main__":
    main()
