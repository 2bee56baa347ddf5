"""A real web server on loopback whose answers a test scripts, and certificates for it."""

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PATIENCE = 60
"""Seconds after which a test that hangs gives up."""


@dataclass(kw_only=True)
class Received:
    """One request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Exchange(BaseHTTPRequestHandler):
    """One connection; the script answers through it, or by its bare socket."""

    protocol_version = "HTTP/1.1"
    server: "WebServer"

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        fields = {name.lower(): value for name, value in self.headers.items()}
        self.server.received.append(
            Received(
                method=self.command,
                target=self.path,
                headers=fields,
                body=self.rfile.read(length),
            )
        )
        self.server.script(self)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - BaseHTTPRequestHandler's names

    def answer(self, status: int = 200, body: bytes = b"fine", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_raw(self, data: bytes) -> None:
        self.connection.sendall(data)

    def cut(self) -> None:
        """End the connection without another word."""
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def be_silent(self) -> None:
        """Say nothing until the other side hangs up."""
        self.connection.settimeout(PATIENCE)
        while self.connection.recv(1024):
            pass
        self.server.hung_up.set()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


class WebServer(ThreadingHTTPServer):
    """Listens on a free port; ``with`` starts and ends it."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        script: Callable[[Exchange], None] = Exchange.answer,
        *,
        address: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), Exchange)
        self.script = script
        self.received: list[Received] = []
        self.connections = 0
        self.hung_up = threading.Event()
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        self.connections += 1
        return super().get_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is what some tests want."""

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.shutdown()
        self.server_close()


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """A server's certificate and what trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


def certificates(folder: Path, *names: str) -> Certificates:
    """Return a server's context with a certificate for these names, and one that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return Certificates(server=server, client=ssl.create_default_context(cafile=str(file)))


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
