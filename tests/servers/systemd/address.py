"""Loopback addresses, handed out so that no two machines on this host get the same."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.servers.systemd.errors import MachineError

SSH_PORT = 2200
HTTP_PORT = 8080
_NUMBERS = range(11, 251)


@dataclass(frozen=True, kw_only=True)
class Address:
    """127.0.1.`number`, reserved until the last holder of `lease` is gone."""

    number: int
    lease: socket.socket

    def __str__(self) -> str:
        """Return the address in dotted form."""
        return f"127.0.1.{self.number}"


@contextmanager
def reserved() -> Iterator[Address]:
    """Reserve the first address whose ports are free. Raises MachineError when there is none.

    The reservation is an abstract Unix socket: like the address it belongs to the network
    namespace, and the kernel drops it with the last process that holds it open.
    """
    for number in _NUMBERS:
        with socket.socket(socket.AF_UNIX) as lease:
            address = Address(number=number, lease=lease)
            if _binds(lease, f"\0opsmanager-test-machine-{number}") and _is_free(address):
                yield address
                return
    raise MachineError(
        f"No address from 127.0.1.{_NUMBERS[0]} to 127.0.1.{_NUMBERS[-1]} has ports {SSH_PORT} "
        f"and {HTTP_PORT} free. Does a program listen there on all addresses? See: ss -ltnp"
    )


def _is_free(address: Address) -> bool:
    for port in (SSH_PORT, HTTP_PORT):
        with socket.socket(socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if not _binds(probe, (str(address), port)):
                return False
    return True


def _binds(unbound: socket.socket, name: str | tuple[str, int]) -> bool:
    try:
        unbound.bind(name)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    return True
