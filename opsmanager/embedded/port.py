"""Ports: a free one for a service of our own, and whether the web's is free."""

import errno
import os
import socket

from opsmanager.embedded.errors import AddressError

LOOPBACK = "127.0.0.1"


def free() -> int:
    """Return a port on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def parse(value: str) -> int:
    """Read the web's port. Raises AddressError for what is none."""
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 65535:
        raise AddressError(f"PORT must be a number from 1 to 65535, not {value!r}.")
    return int(value)


def ensure_free(host: str, port: int) -> None:
    """Make sure that the web can listen there. Raises AddressError with what to do."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror:
        raise AddressError(
            f"HOST={host} is no address of this machine. Use 127.0.0.1 (only this machine) "
            "or 0.0.0.0 (every network)."
        ) from None
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise AddressError(_sentence(error, host, port)) from None


def web_address(host: str, port: int) -> str:
    """Return the URL at which a browser on this machine finds a web that listens there."""
    reachable = reachable_host(host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def reachable_host(host: str) -> str:
    """Return where to reach from this machine what listens on `host`."""
    return {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)  # noqa: S104


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use by another program. "
            f"Stop that one, or choose another port: PORT={port + 1 if port < 65535 else 8000}"
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than yours. Choose one above 1023: PORT=8000"
    reason = os.strerror(error.errno or 0)
    return f"The web cannot listen on {host}, port {port} ({reason}). Choose another: HOST=… PORT=…"
