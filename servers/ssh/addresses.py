"""Which addresses can never be a server's, so that no connection is made to them.

Whoever may enter a server's name could otherwise have a worker speak to what only the worker can
reach: services of its own machine, or a cloud's metadata.
"""

import re
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

LOOPBACK: Final = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_METADATA: Final = "where clouds keep their metadata"
_CLOSED: Final = tuple(
    (ip_network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "an address of the worker itself"),
        ("127.0.0.0/8", "a loopback address, the worker itself"),
        ("169.254.0.0/16", f"a link-local address, {_METADATA}"),
        ("100.100.100.200/32", f"an address {_METADATA}"),
        ("168.63.129.16/32", f"an address {_METADATA}"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
        ("::/128", "an address of the worker itself"),
        ("::1/128", "a loopback address, the worker itself"),
        ("fe80::/10", "a link-local address"),
        ("fd00:ec2::254/128", f"an address {_METADATA}"),
        ("fd20:ce::254/128", f"an address {_METADATA}"),
        ("ff00::/8", "a multicast address"),
    )
)
# An IPv4 address stands in the last 32 bits of these.
_TRANSLATED: Final = tuple(
    IPv6Network(network) for network in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48")
)
# These lie in the first of them and stand for themselves.
_OWN: Final = (IPv6Address("::"), IPv6Address("::1"))


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Where workers may connect to: everywhere but to what can't be a server, and what is opened.

    By itself it opens loopback, for a test's server on this machine.
    """

    networks: tuple[Network, ...] = LOOPBACK
    hosts: frozenset[str] = frozenset()
    """Host names, in lower case; whatever they resolve to is opened."""

    def refusal(self, text: str, *, hostname: str = "") -> str:
        """Return why an address is none of a server, as in "127.0.0.1 is a loopback address, …".

        Empty when it may be connected to. ``text`` is what a resolver gives, also with an
        interface after ``%``; ``hostname`` is the name that led to it.
        """
        if _plain_name(hostname) in self.hosts:
            return ""
        for address in _meanings(ip_address(text.partition("%")[0])):
            if any(address in network for network in self.networks):
                continue
            for network, kind in _CLOSED:
                if address in network:
                    return f"{text} is {kind}"
        return ""

    def refusal_of_name(self, hostname: str) -> str:
        """Return why a host name or address, as a person entered it, can't be a server's.

        Nothing is resolved: what a name leads to is looked at when a worker connects.
        """
        name = _plain_name(hostname)
        if name in self.hosts:
            return ""
        try:
            ip_address(name.partition("%")[0])
        except ValueError:
            pass
        else:
            return self.refusal(name)
        if _NUMBER.fullmatch(name.rpartition(".")[2]):
            return f"{hostname} is not an address as it is usually spelt, such as 192.0.2.10"
        if name.rpartition(".")[2] == "localhost":
            said = self.refusal("127.0.0.1")
            return said and f"{hostname} is a name of {said}"
        return ""


def _plain_name(hostname: str) -> str:
    return hostname.lower().removesuffix(".")


def _meanings(address: Address) -> tuple[Address, ...]:
    """Return the address and the IPv4 address that it stands for, if any."""
    if isinstance(address, IPv4Address):
        return (address,)
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and any(address in network for network in _TRANSLATED):
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is None or address in _OWN:
        return (address,)
    return (inner,) if address.ipv4_mapped else (address, inner)
