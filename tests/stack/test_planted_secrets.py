"""Secrets are planted wherever one can get in, and are found nowhere, but where they are sealed."""

import http.server
import json
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from servers.ssh.testing import SSHD, SSHD_MISSING, Sshd, SshServer, generate_key
from tests.stack.client import PATIENCE
from tests.stack.leaks import Pages, addresses, database_dump, leaks, redis_dump, redis_traffic
from tests.stack.stack import PASSWORD, Stack, running
from tests.support.unique import unique
from tests.support.waiting import eventually

pytestmark = [pytest.mark.sshd, pytest.mark.xdist_group("alone")]

# In use: a credential's. The others are told by what stands before them alone.
SECRETS = {
    name: f"S3CR3T-{uuid4()}"
    for name in ("password", "passphrase", "unknown", "reason", "description", "typed", "query")
}


class Listening(http.server.BaseHTTPRequestHandler):
    """A web API that repeats what it was told."""

    heard: list[str] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.heard.append(f"{self.path} {self.headers} {body}")
        answer = json.dumps({"path": self.path, "body": body}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def web_api() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://ops:{{}}@127.0.0.1:{server.server_port}/{{}}?token={{}}&x=1"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """OpsManager with all that it can log."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LOG_LEVEL", "DEBUG")
        environment.setenv("AUTOMATION_HTTP_ALLOWED_NETWORKS", "127.0.0.1")
        with running(tmp_path_factory.mktemp("leaks")) as started:
            yield started


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    if SSHD is None:
        pytest.skip(SSHD_MISSING)
    sshd = Sshd(tmp_path_factory.mktemp("sshd"))
    sshd.start()
    yield sshd
    sshd.stop()


def files(folder: Path, secret: str, key: str) -> Path:
    """Lay down what the runbook says, on the server whose credential's secret it is."""
    folder.mkdir()
    (folder / "secret").write_text(secret)
    (folder / "unknown").write_text(SECRETS["unknown"])
    (folder / "key").write_text(key)
    return folder


def add(stack: Stack, credential: dict[str, str], *, port: int) -> dict[str, Any]:
    name = unique("planted")
    made = stack.api().post("servers/credentials", {"name": name, **credential}).expect(201)
    fields = {
        "name": name,
        "hostname": "127.0.0.1",
        "port": port,
        "environment": "STAGING",
        "credentialId": made["credential"]["id"],
        "description": f"root login: password={SECRETS['description']}",
        "tags": [f"token={SECRETS['description']}"],
    }
    server: dict[str, Any] = stack.api().post("servers", fields).expect(201)["server"]
    stack.accept_host_key(server)
    return server


def test_planted_secrets_are_found_nowhere(
    stack: Stack, sshd: Sshd, web_api: str, tmp_path: Path
) -> None:
    key = sshd.make_key("planted", passphrase=SECRETS["passphrase"])
    (sshd.folder / "authorized_keys").write_text((sshd.folder / "planted.pub").read_text())
    folder = files(tmp_path / "first", SECRETS["password"], key)
    other = files(tmp_path / "second", SECRETS["passphrase"], key)
    home = tmp_path / "home"
    home.mkdir()
    pair = generate_key()
    by_password = SshServer(
        host_key=pair.private_key,
        passwords={"ops": SECRETS["password"]},
        environment={
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(home),
            "APP_TOKEN": SECRETS["unknown"],
        },
    )
    secrets = {**SECRETS, "key": "".join(key.splitlines()[3:5])}
    for line in key.splitlines()[1:-2]:
        secrets[f"key {line[:4]}"] = line
    url = stack.plan.services["REDIS_URL"]
    with by_password, redis_traffic(url) as traffic:
        password = {"authType": "PASSWORD", "username": "ops", "password": SECRETS["password"]}
        first = add(stack, password, port=by_password.port)
        own_key = {
            "authType": "PRIVATE_KEY",
            "username": sshd.target().username,
            "privateKey": key,
            "passphrase": SECRETS["passphrase"],
        }
        second = add(stack, own_key, port=sshd.port)
        ran = _run_all(stack, {str(folder): first, str(other): second}, web_api)
        answers = _answers(stack, [*ran, first["id"], second["id"]])
    # The step itself was told the truth, and so was the server that it called.
    assert (folder / "from-stdin").read_text() == SECRETS["password"]
    assert (other / "from-stdin").read_text() == SECRETS["passphrase"]
    assert any(SECRETS["password"] in heard for heard in Listening.heard)

    found = {}
    for table, rows in database_dump(stack.plan.services["DATABASE_URL"]):
        found[f"table {table}"] = leaks(secrets, rows)
    found["redis"] = leaks(secrets, redis_dump(url))
    found["redis traffic"] = leaks(secrets, "\n".join(traffic))
    for name, process in stack.processes.items():
        found[f"log of {name}"] = leaks(secrets, process.output())
    for file in stack.folder.rglob("*"):
        if file.is_file() and "secrets" not in file.parts and "static" not in file.parts:
            found[f"file {file.name}"] = leaks(secrets, file.read_text(errors="replace"))
    for path, text in answers.items():
        found[f"GET {path}"] = leaks(secrets, text)
    told = [f"{place}: {how}" for place, hows in found.items() for how in sorted(hows)]
    assert not told, "\n".join(told)

    # What was looked through is what there was to see.
    assert len(answers) > 60
    assert sum("***" in text for text in answers.values()) > 10
    assert "A fault that holds ***" in stack.processes["worker"].output()
    _assert_messages_hold_one_id(traffic)


def _run_all(stack: Stack, servers: dict[str, dict[str, Any]], url: str) -> list[str]:
    """Launch it in each way and with each end; return the ids of the executions."""
    api, ids = stack.api(), []
    reason = f"try password={SECRETS['reason']} and Authorization: Bearer {SECRETS['reason']}"
    for folder, server in servers.items():
        asked = {"folder": folder, "url": url}
        dry = api.run("ACME_LEAKING", server, parameters=asked, isDryRun=True, reason=reason)
        assert dry["status"] == "SUCCESS", dry["errorMessage"]
        well = api.run("ACME_LEAKING", server, parameters=asked, reason=reason)
        assert well["status"] == "SUCCESS", well["errorMessage"]
        ids += [dry["id"], well["id"]]
        for end, status in (("failed", "FAILED"), ("fault", "FAILED")):
            ended = api.run("ACME_LEAKING", server, parameters={**asked, "end": end})
            assert ended["status"] == status
            ids.append(ended["id"])
        back = api.post(f"automation/executions/{well['id']}/rollback", {"reason": reason})
        back.expect(202 if back.status == 202 else 200)
        eventually(lambda well=well: api.finished(well["id"])["status"] == "ROLLED_BACK")
    waiting = api.launch("ACME_LEAKING", server, parameters={**asked, "end": "wait"}).expect(201)
    ids.append(waiting["execution"]["id"])
    _wait_for(lambda: api.logs(waiting["execution"]), "waiting with ***")
    api.post(f"automation/executions/{ids[-1]}/cancel").expect(200)
    assert api.finished(ids[-1])["status"] == "CANCELLED"
    kept = api.run("ACME_KEEPING", server, parameters={"folder": folder})
    assert kept["status"] == "SUCCESS", kept["errorMessage"]
    api.post(f"automation/executions/{kept['id']}/rollback", {"reason": "back"})
    eventually(
        lambda: (
            "does not store"
            in json.dumps(api.get(f"automation/executions/{kept['id']}").expect(200))
        )
    )
    batch = api.post(
        "automation/batches",
        {
            "runbookId": "ACME_LEAKING",
            "serverIds": [server["id"]],
            "parameters": asked,
            "reason": reason,
        },
    ).expect(201)["batch"]
    eventually(
        lambda: api.get(f"automation/batches/{batch['id']}").expect(200)["batch"]["succeeded"] == 1
    )
    return [*ids, kept["id"], batch["id"]]


def _wait_for(ask: Callable[[], object], words: str) -> None:
    """Wait until an answer holds these words."""
    deadline, said = time.monotonic() + PATIENCE, ""
    while words not in said:
        assert time.monotonic() < deadline, said
        said = json.dumps(ask())
        time.sleep(0.1)


def _answers(stack: Stack, ids: list[str]) -> dict[str, str]:
    """Return what each address answers to GET, and what wrong logins and bad input are told."""
    pages = Pages(stack.address, username="admin", password=PASSWORD)
    said = {}
    for path in addresses(ids, ["ACME_LEAKING", *ids]):
        asks = f"{path}?token={SECRETS['query']}&q=password%3D{SECRETS['query']}"
        status, said[path] = pages.get(path)
        assert status < 500, path
        assert pages.get(asks)[0] < 500
    wrong = {"username": f"admin password={SECRETS['typed']}", "password": SECRETS["typed"]}
    api = stack.api()
    said["wrong login"] = api._send("POST", "auth/token", wrong, {}).text
    bad = {"name": "x", "username": "", "authType": "NONE", "password": SECRETS["typed"]}
    said["bad credential"] = api.post("servers/credentials", bad).text
    bad_token = {"Authorization": f"Bearer {SECRETS['typed']}"}
    said["bad token"] = api._send("GET", "servers", None, bad_token).text
    return said


def _assert_messages_hold_one_id(traffic: list[str]) -> None:
    """Each message for a worker is a task with one UUID, or with nothing at all."""
    bodies = []
    for command in traffic:
        if command.startswith("LPUSH ") and '"body": "' in command.replace('\\"', '"'):
            message = command.replace('\\"', '"').partition('"body": "')[2].partition('"')[0]
            bodies.append(json.loads(b64decode(message)))
    assert len(bodies) > 10
    for arguments, named, _ in bodies:
        assert named == {}
        assert len(arguments) <= 1
        assert all(UUID(argument) for argument in arguments)
