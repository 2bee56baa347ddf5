"""Handshakes are held back, in all and for one server."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from servers.ssh.handshake_gate import HandshakeGate


def test_neither_limit_is_ever_passed_and_all_get_through() -> None:
    gate = HandshakeGate(total=3, per_host=2)
    lock = threading.Lock()
    inside: list[str] = []
    most = {"all": 0, "a": 0, "b": 0}

    def pass_through(host: str) -> None:
        with gate.passage(host, 22):
            with lock:
                inside.append(host)
                most["all"] = max(most["all"], len(inside))
                most[host] = max(most[host], inside.count(host))
            time.sleep(0.02)
            with lock:
                inside.remove(host)

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(pass_through, "aabb" * 6))
    assert most == {"all": 3, "a": 2, "b": 2}
    assert gate._busy == {}
