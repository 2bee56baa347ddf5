"""A JSON client of the API, as one user: what a script of an API user would be."""

import http.client
import json
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

FINAL = {"SUCCESS", "FAILED", "CANCELLED", "TIMEOUT", "ROLLED_BACK", "UNKNOWN"}
PATIENCE = 180.0  # seconds, for a busy machine
TOKEN_SECONDS = 300  # tokens live 10 minutes


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the API said."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    text: str = field(repr=False)

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.text)

    @property
    def error(self) -> tuple[int, str]:
        """Status and machine-readable code of a refusal."""
        return self.status, self.json["code"]

    def expect(self, status: int) -> Any:
        """Return the body; fail when the status is another one."""
        assert self.status == status, f"{self.status} instead of {status}: {self.text}"
        return self.json


class Api:
    """Calls below `/api/v1/` with a token that is fetched when it is needed.

    Threads may share it: they log in once.
    """

    def __init__(
        self,
        address: str,
        *,
        username: str,
        password: str,
        patience: float = PATIENCE,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``patience`` is for how many seconds a request may take; with ``tls`` it is HTTPS."""
        self.username = username
        self._netloc = urlsplit(address).netloc
        self._password = password
        self._patience = patience
        self._tls = tls
        self._logging_in = threading.Lock()
        self._token = ""
        self._token_until = 0.0

    def get(self, path: str) -> Answer:
        """GET."""
        return self._call("GET", path)

    def post(self, path: str, body: object = None, **headers: str) -> Answer:
        """POST `body` as JSON; `Idempotency_Key="x"` sends the header Idempotency-Key."""
        return self._call("POST", path, body, headers)

    def patch(self, path: str, body: object) -> Answer:
        """PATCH."""
        return self._call("PATCH", path, body)

    def delete(self, path: str) -> Answer:
        """DELETE."""
        return self._call("DELETE", path)

    def launch(self, runbook: str, server: dict[str, Any], **fields: Any) -> Answer:
        """Ask for an execution; `fields` are those of the API, `parameters` first of all."""
        body = {"runbookId": runbook, "serverId": server["id"], **fields}
        return self.post("automation/executions", body)

    def finished(self, execution_id: str) -> dict[str, Any]:
        """Wait until the execution has a final status; return it."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self.get(f"automation/executions/{execution_id}").expect(200)
            execution: dict[str, Any] = answer["execution"]
            if execution["status"] in FINAL:
                return execution
            time.sleep(0.1)
        raise AssertionError(f"It is still not final: {execution}")

    def run(self, runbook: str, server: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """Launch, wait for the end, and return the execution."""
        launched = self.launch(runbook, server, **fields).expect(201)
        return self.finished(launched["execution"]["id"])

    def logs(self, execution: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the rows of its log."""
        answer = self.get(f"automation/executions/{execution['id']}/logs").expect(200)
        rows: list[dict[str, Any]] = answer["logs"]
        return rows

    def _call(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        sent["Authorization"] = f"Bearer {self.token()}"
        return self._send(method, path, body, sent)

    def token(self) -> str:
        """Return an access token that is good for some minutes."""
        with self._logging_in:
            if time.monotonic() > self._token_until:
                asked = {"username": self.username, "password": self._password}
                self._token = self._send("POST", "auth/token", asked, {}).expect(200)["access"]
                self._token_until = time.monotonic() + TOKEN_SECONDS
            return self._token

    def _send(self, method: str, path: str, body: object, headers: dict[str, str]) -> Answer:
        connection = self._connection()
        try:
            content = None if body is None else json.dumps(body)
            headers = {"Content-Type": "application/json", **headers}
            connection.request(method, f"/api/v1/{path}", body=content, headers=headers)
            response = connection.getresponse()
            return Answer(
                status=response.status,
                headers={name.lower(): value for name, value in response.getheaders()},
                text=response.read().decode(),
            )
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._netloc, timeout=self._patience)
        return http.client.HTTPSConnection(self._netloc, timeout=self._patience, context=self._tls)
