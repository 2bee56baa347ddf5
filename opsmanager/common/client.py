"""From which address a request comes, which only a counted proxy is believed."""

from ipaddress import ip_address, ip_network
from typing import Any, Protocol

from django.conf import settings


class Called(Protocol):
    """A request of Django or of REST framework."""

    META: dict[str, Any]


def client_address(request: Called) -> str | None:
    """Return the address that a request comes from; ``None`` when it has none (a Unix socket).

    Each proxy appends the address that it was called from to ``X-Forwarded-For``. So with *n*
    proxies of our own in front (``OPSMANAGER_TRUSTED_PROXIES``) the nth from the end was written
    by the outermost of them; whatever stands before it, the client may have made up.
    """
    peer = _plain(request.META.get("REMOTE_ADDR") or "")
    proxies: int = settings.TRUSTED_PROXIES
    if not proxies:
        return peer
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if len(hops) < proxies:
        return peer
    return _plain(hops[-proxies]) or peer


def client_network(request: Called) -> str | None:
    """Return what one customer of a provider has: an IPv4 address, or 64 bits of an IPv6 one."""
    address = client_address(request)
    if address is None or ":" not in address:
        return address
    return str(ip_network(f"{address}/64", strict=False))


def _plain(text: str) -> str | None:
    """Return an address without the port that some proxies write beside it."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found).partition("%")[0]
