"""Which addresses OpsManager may connect to for somebody else: public ones, and those opened.

Whoever may name an address for a call could otherwise reach what only this machine can: its own
services, the network behind the firewall, a cloud's metadata. So a host is resolved once, every
address it has must be allowed, and the caller connects to just those.
"""

import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], list[str]]
"""Returns the addresses of a host, as text. Raises ``OSError`` when it has none."""

_PUBLIC_PORTS_BELOW_1024: Final = (80, 443)
_LABEL = r"[a-z0-9_][a-z0-9_-]{0,62}"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

# The first that fits names it. What IANA's registries call global is not enough: a few networks
# there lead back inside, and what is embedded in an address is not looked at.
_CLOSED: Final = tuple(
    (ip_network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "an address of the machine itself"),
        ("127.0.0.0/8", "a loopback address"),
        ("10.0.0.0/8", "a private address"),
        ("172.16.0.0/12", "a private address"),
        ("192.168.0.0/16", "a private address"),
        ("100.64.0.0/10", "an address inside a provider's network"),
        ("169.254.0.0/16", "a link-local address, where clouds keep their metadata"),
        ("168.63.129.16/32", "the address of Azure's metadata"),
        ("192.0.0.0/24", "a reserved address"),
        ("192.88.99.0/24", "the address of a 6to4 relay"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
        ("::/128", "an address of the machine itself"),
        ("::1/128", "a loopback address"),
        ("64:ff9b::/96", "an IPv4 address embedded for NAT64"),
        ("64:ff9b:1::/48", "an IPv4 address embedded for NAT64"),
        ("2001::/32", "a Teredo address"),
        ("2001::/23", "a reserved address"),
        ("2002::/16", "a 6to4 address"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", "a link-local address"),
        ("fec0::/10", "a site-local address"),
        ("ff00::/8", "a multicast address"),
    )
)
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")


class AddressRefused(Exception):
    """OpsManager may not connect to this address; the message says why, without a URL."""


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """What an administrator has opened beside the public addresses."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()
    """Host names, in lower case; whatever they resolve to is allowed."""

    @classmethod
    def parse(cls, words: Iterable[str]) -> "Allowed":
        """Read networks (``10.1.0.0/16``), addresses and host names.

        Raises ``ValueError`` with a sentence about the word that is none of them.
        """
        networks: list[Network] = []
        hosts: set[str] = set()
        for word in words:
            network = _network(word)
            if network is not None:
                networks.append(network)
            elif is_host_name(name := word.lower().removesuffix(".")):
                hosts.add(name)
            else:
                raise ValueError(f"{word!r} is no network, address or host name.")
        return cls(networks=tuple(networks), hosts=frozenset(hosts))

    def covers(self, host: str, address: Address) -> bool:
        """Whether this address, which ``host`` (in lower case) resolves to, was opened."""
        return host in self.hosts or any(address in network for network in self.networks)


def is_host_name(text: str) -> bool:
    """Whether it is a host name in lower case, in ASCII, that nobody can take for an address.

    ``127.1``, ``0x7f000001`` and ``2130706433`` are read as 127.0.0.1 by many programs, so a name
    whose last part is a number is none.
    """
    return bool(_HOST_NAME.fullmatch(text)) and not _NUMBER.fullmatch(text.rpartition(".")[2])


def kind_of(address: Address) -> str:
    """Return why an address is not public, as in "127.0.0.1 is a loopback address"; else ``""``."""
    plain = _plain(address)
    for network, kind in _CLOSED:
        if plain in network:
            return kind
    is_unicast = isinstance(plain, IPv4Address) or plain in _GLOBAL_UNICAST
    return "" if is_unicast and plain.is_global else "not a public address"


def allowed_addresses(
    host: str, port: int, *, allowed: Allowed, resolve: Resolve
) -> tuple[Address, ...]:
    """Resolve a host once and return its addresses, each of which may be connected to.

    ``host`` is a name in lower case or an address. Public addresses may be called on the ports 80,
    443 and from 1024 on; opened ones on each. Raises :class:`AddressRefused` if any may not, and
    ``OSError`` when the name has none.
    """
    found = tuple(dict.fromkeys(_plain(ip_address(text)) for text in _texts(host, port, resolve)))
    for address in found:
        if allowed.covers(host, address):
            continue
        named = str(address) if host == str(address) else f"{host} has the address {address}, which"
        if kind := kind_of(address):
            raise AddressRefused(f"{named} is {kind}.")
        if port < 1024 and port not in _PUBLIC_PORTS_BELOW_1024:
            raise AddressRefused(f"Port {port} of {host} is none for the web.")
    return found


def resolve(host: str, port: int) -> list[str]:
    """Ask the machine's resolver, which also knows its hosts file."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def _texts(host: str, port: int, resolve: Resolve) -> list[str]:
    try:
        return [str(ip_address(host))]
    except ValueError:
        pass
    if not is_host_name(host):
        raise AddressRefused(
            f"{host} is neither a host name nor an address as it is usually spelt."
        )
    return resolve(host, port)


def _plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for when somebody connects to it."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


def _network(word: str) -> Network | None:
    try:
        return ip_network(word)
    except ValueError:
        pass
    try:
        wider = ip_network(word, strict=False)
    except ValueError:
        return None
    raise ValueError(f"{word!r} has bits beyond its network; write {wider}.")
