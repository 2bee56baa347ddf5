import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.repository.dependencies import Audit, vulnerable_python

HASH = "--hash=sha256:" + "0" * 64
PROBLEM = {
    "id": "PYSEC-2026-1",
    "summary": "Made up.",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "sample"},
            "ranges": [
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]},
            ],
        }
    ],
}


@contextmanager
def osv(answer: dict[str, object] | None) -> Iterator[list[str]]:
    """A service that speaks OSV's protocol; yields pip-audit's words for asking it."""

    class Osv(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200 if answer is not None else 503)
            self.end_headers()
            self.wfile.write(json.dumps(answer or {}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Osv) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield ["-s", "osv", "--osv-url", f"http://127.0.0.1:{server.server_port}/v1/query"]
        server.shutdown()


@pytest.fixture
def lock(tmp_path: Path) -> str:
    path = tmp_path / "requirements.lock"
    path.write_text(f"sample==1.0 {HASH}\n")
    return str(path)


def test_a_vulnerable_package_fails_the_check_and_is_named(lock: str) -> None:
    audit = Audit()
    with osv({"vulns": [PROBLEM]}) as service:
        vulnerable_python(audit, [lock], service=service)
    assert audit.findings == [f"{lock}: sample 1.0 has PYSEC-2026-1; repaired in 1.1"]
    assert not audit.unasked
    assert audit.status({}) == 1


def test_nothing_known_passes(lock: str) -> None:
    audit = Audit()
    with osv({}) as service:
        vulnerable_python(audit, [lock], service=service)
    assert audit == Audit()
    assert audit.status({"DEPENDENCY_AUDIT": "required"}) == 0


def test_a_service_that_does_not_answer_is_named_and_fails_where_it_must_answer(lock: str) -> None:
    audit = Audit()
    with osv(None) as service:
        vulnerable_python(audit, [lock], service=service)
    assert audit.unasked == [f"OSV, about {lock}"]
    assert audit.status({}) == 0
    assert audit.status({"DEPENDENCY_AUDIT": "required"}) == 1
