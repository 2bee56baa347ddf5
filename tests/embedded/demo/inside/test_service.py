"""The demo's services listen, answer and log."""

import socket
import subprocess
import sys
import urllib.request
from contextlib import closing

from tests.embedded.demo.demo import PROJECT, eventually


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return int(server.getsockname()[1])


def reachable(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_service_answers_on_both_doors_and_logs():
    web, lines = free_port(), free_port()
    service = subprocess.Popen(
        [
            *(sys.executable, "-m", "opsmanager.embedded.demo.inside", "service", "shop"),
            *("--http", str(web), "--tcp", str(lines), "--every", "0.2", "--says", "alive"),
        ],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        eventually(lambda: reachable(web) and reachable(lines))
        with urllib.request.urlopen(f"http://127.0.0.1:{web}/", timeout=30) as answer:
            assert answer.read() == b"ok\n"
        with socket.create_connection(("127.0.0.1", lines), timeout=30) as client:
            client.sendall(b"PING\n")
            assert client.recv(10) == b"PONG\n"
        assert service.stdout
        heard = ""
        while "alive" not in heard or "GET / 200" not in heard:
            heard += service.stdout.readline()
        assert f"shop[{service.pid}]: Listening on 127.0.0.1:{web}, {lines}" in heard
    finally:
        service.kill()
        service.communicate()
