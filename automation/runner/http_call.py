"""One HTTP call in a thread of its own: resolved, guarded, connected to what was found, read."""

import socket
import ssl
import threading
import time
from contextlib import suppress
from http.client import HTTPException
from typing import Final

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from automation.engine.errors import (
    AddressRefused,
    ConnectionLost,
    WebUnreachable,
)
from automation.engine.http import Headers, HttpAnswer, HttpRequest
from automation.engine.output import CappedText, OutputDecoder
from opsmanager.common import addresses
from opsmanager.common.addresses import Address, Allowed, Resolve

_SETTING: Final = "AUTOMATION_HTTP_ALLOWED_NETWORKS"
_CHUNK: Final = 64 * 1024
_TROUBLE: Final = (OSError, HTTPError, HTTPException)


class HttpCall(threading.Thread):
    """Makes one call; whoever waits for it may leave it at any time.

    Of the environment it knows nothing: no proxy, no netrc. A redirect is an answer.
    """

    def __init__(
        self,
        request: HttpRequest,
        *,
        seconds: float,
        allowed: Allowed,
        resolve: Resolve,
        tls: ssl.SSLContext,
    ) -> None:
        super().__init__(name="http-call", daemon=True)
        self.ended = threading.Event()
        self._request = request
        self._ends_at = time.monotonic() + seconds
        self._allowed = allowed
        self._resolve = resolve
        self._tls = tls
        self._lock = threading.Lock()
        self._is_abandoned = False
        self._is_sent = False
        self._socket: socket.socket | None = None
        self._answer: HttpAnswer | None = None
        self._error: Exception | None = None

    def run(self) -> None:
        """Make the call."""
        try:
            self._answer = self._called()
        except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
            self._error = error
        finally:
            self.ended.set()

    def answer(self) -> HttpAnswer:
        """Return what came of it, once it has ended; raises the engine's errors."""
        if self._answer is None:
            raise self._error or ConnectionLost()
        return self._answer

    def abandon(self) -> bool:
        """End it, and return whether anything was sent; from now on nothing will be."""
        with self._lock:
            self._is_abandoned = True
            if self._socket is not None:
                with suppress(OSError):
                    # Not the TLS socket's own, which would fall back to plain text.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            return self._is_sent

    def _called(self) -> HttpAnswer:
        connection = self._connected(self._addresses())
        try:
            self._send(connection)
            response = connection.getresponse()
            try:
                return _answer_of(response)
            finally:
                response.close()
        except _TROUBLE as problem:
            raise ConnectionLost(
                f"The connection for `{self._request.text}` broke before the answer was whole "
                f"({_reason(problem)})."
            ) from problem
        finally:
            with self._lock:
                self._socket = None
            connection.close()

    def _addresses(self) -> tuple[Address, ...]:
        address = self._request.address
        try:
            return addresses.allowed_addresses(
                address.host, address.port, allowed=self._allowed, resolve=self._resolve
            )
        except addresses.AddressRefused as refusal:
            raise AddressRefused(
                f"OpsManager does not call {address.place}: {refusal} Only public web addresses "
                f"are called; an administrator can open others with {_SETTING}."
            ) from None
        except (OSError, UnicodeError) as problem:
            raise WebUnreachable(
                f"The name {address.host} could not be resolved ({_reason(problem)}); nothing was "
                "sent. Check how it is spelt."
            ) from problem

    def _connected(self, found: tuple[Address, ...]) -> HTTPConnection:
        """Connect to the first of these addresses that answers, and to no other."""
        problem: Exception = OSError("it has no address")
        for left, address in zip(range(len(found), 0, -1), found, strict=True):
            self._check_wanted()
            seconds = max(self._ends_at - time.monotonic(), 0.001) / left
            connection = self._connection(str(address), seconds)
            try:
                connection.connect()
            except _TROUBLE as error:
                connection.close()
                problem = error
            else:
                return connection
        raise WebUnreachable(
            f"{self._request.address.place} could not be reached ({_reason(problem)}); nothing was "
            "sent."
        ) from problem

    def _check_wanted(self) -> None:
        """End the thread when nobody waits for it any more."""
        if self._is_abandoned:
            raise WebUnreachable

    def _connection(self, address: str, seconds: float) -> HTTPConnection:
        """Return a connection that goes to ``address``; its certificate is the host's."""
        target = self._request.address
        if target.scheme == "http":
            return HTTPConnection(address, target.port, timeout=seconds)
        return HTTPSConnection(
            address,
            target.port,
            timeout=seconds,
            ssl_context=self._tls,
            server_hostname=target.host,
        )

    def _send(self, connection: HTTPConnection) -> None:
        request = self._request
        # A connection that is gone stays gone: made anew it would resolve and send again.
        connection.auto_open = 0
        # Whoever waits is the first to find it late.
        connection.timeout = max(self._ends_at - time.monotonic(), 0) + 1
        with self._lock:
            self._check_wanted()
            self._is_sent = True
            self._socket = connection.sock
        fields = {"host": request.address.place, "user-agent": "OpsManager", **request.headers}
        connection.request(
            request.method,
            request.address.target,
            body=request.body or None,
            headers={name.title(): value for name, value in fields.items()},
            preload_content=False,
        )


def _answer_of(response: HTTPResponse) -> HttpAnswer:
    """Read the body, however long, and keep its head and tail."""
    kept, decoder = CappedText(), OutputDecoder()
    for chunk in response.stream(_CHUNK):
        kept.append(decoder.decode(chunk))
    kept.append(decoder.decode(b"", final=True))
    return HttpAnswer(
        status=response.status,
        headers=Headers(dict(response.headers)),
        text=kept.text(),
        is_cut=kept.is_cut,
    )


def _reason(problem: Exception) -> str:
    """Return what went wrong in few words, without an address or a URL."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {problem.verify_message}"
    cause = problem.__cause__ if isinstance(problem, HTTPError) else problem
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return type(problem).__name__
