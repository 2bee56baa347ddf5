"""Finding the server that an alert is about, by what its labels say; never by a guess."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from servers.models import Server

LABELS: Final = (
    "server",
    "instance",
    "hostname",
    "host",
    "host_name",
    "host.name",
    "nodename",
    "node",
    "fqdn",
    "machine",
    "target",
    "address",
)
"""The labels that may name a server, in the order in which they are asked."""
_LONGEST: Final = 253
_LONGEST_SHOWN: Final = 60
_SENTENCE: Final = 300
_MOST_ROWS: Final = 200
_MOST_NEW: Final = 3


@dataclass(frozen=True, kw_only=True)
class Placed:
    """The server that was found, and by what; or why none was."""

    server: Server | None
    found_by: str
    """A sentence, such as ``The label instance says web-1.example:9100``."""


@dataclass(frozen=True, kw_only=True)
class _Said:
    """What one label says."""

    label: str
    text: str
    names: tuple[str, ...]
    """As it stands, and without scheme, port and path; lower case."""

    @property
    def bare(self) -> tuple[str, ...]:
        """The same without the domain, where there is one."""
        found = [name.partition(".")[0] for name in self.names if "." in name and not _is_ip(name)]
        return tuple(dict.fromkeys(name for name in found if name))

    def __str__(self) -> str:
        cut = self.text[:_LONGEST_SHOWN]
        return cut if cut == self.text else f"{cut}…"


def find(labels: Mapping[str, Any]) -> Placed:
    """Return the server that the labels name, if they name exactly one.

    A server's name, host name and aliases are compared: first with what a label says in full, then
    one of both without its domain, if nothing speaks against it. The first label that fits decides;
    where it fits two servers, none is taken.
    """
    said = list(_told(labels))
    if not said:
        return _none("None of its labels says which server it is about.")
    names = {name for each in said for name in (*each.names, *each.bare)}
    rows = list(_called(names)[:_MOST_ROWS])
    short = {name for each in said for name in each.names if "." not in name and not _is_ip(name)}
    rows += _in_a_domain(short, rows)
    if len(rows) >= _MOST_ROWS:
        return _none(f"More than {_MOST_ROWS} servers have a name like one of its labels.")
    for each in said:
        found = _exactly(each, rows) or _by_bare_name(each, rows)
        if len(found) == 1:
            return Placed(server=found[0], found_by=_cut(f"The label {each.label} says {each}."))
        if found:
            both = ", ".join(sorted(server.name for server in found))
            return _none(
                f"The label {each.label} says {each}, which fits {len(found)} servers: {both}."
            )
    looked = ", ".join(f"{each.label} says {each}" for each in said)
    return _none(f"No server has one of these names: {looked}.")


def new_names(labels: Mapping[str, Any], server: Server) -> list[str]:
    """Return what the labels say that could be an alias of this server, and is no name of it."""
    said = (name for each in _told(labels) for name in each.names[-1:])
    own = _own_names(server)
    return [name for name in dict.fromkeys(said) if name not in own][:_MOST_NEW]


def _told(labels: Mapping[str, Any]) -> Iterable[_Said]:
    by_name = {str(name).lower(): value for name, value in labels.items()}
    for label in LABELS:
        text = by_name.get(label)
        if isinstance(text, str) and (names := _names(text)):
            yield _Said(label=label, text=text.strip(), names=names)


def _names(text: str) -> tuple[str, ...]:
    """Return what a label may mean: itself, and what is left without scheme, port and path.

    The sender's own machine, such as localhost, is no name: nobody says whose it is.
    """
    whole = text.strip().lower().rstrip(".")
    if not 0 < len(whole) <= _LONGEST or "\x00" in whole:
        return ()
    host = _tidy(_host(whole))
    if not host or _is_own(host):
        return ()
    return tuple(dict.fromkeys((_tidy(whole), host)))


def _host(text: str) -> str:
    """Return the host of ``scheme://user@host:port/path`` or of what is left of that."""
    try:
        if "://" not in text and text.count(":") > 1 and not text.startswith("["):
            return text  # an IPv6 address without brackets
        return (urlsplit(text if "://" in text else f"//{text}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _tidy(name: str) -> str:
    """Return an address as Python spells it, so that two spellings are one."""
    try:
        return str(ip_address(name.strip("[]").partition("%")[0]))
    except ValueError:
        return name


def _is_ip(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_own(name: str) -> bool:
    if name in {"localhost", "localhost.localdomain"} or name.endswith(".localhost"):
        return True
    return _is_ip(name) and (ip_address(name).is_loopback or ip_address(name).is_unspecified)


def _called(names: Iterable[str]) -> QuerySet[Server]:
    wanted = sorted({*names, *(spelled for name in names for spelled in _spelled(name))})
    rows = Server.objects.annotate(low=Lower("name"), at=Lower("hostname")).order_by("name")
    return rows.filter(Q(low__in=wanted) | Q(at__in=wanted) | Q(aliases__overlap=wanted))


def _spelled(name: str) -> tuple[str, ...]:
    """Return other spellings of an IPv6 address in which a server may have it."""
    if not _is_ip(name) or not isinstance(ip_address(name), IPv6Address):
        return ()
    return (ip_address(name).exploded,)


def _in_a_domain(names: Iterable[str], known: Iterable[Server]) -> list[Server]:
    """Return further servers of which a name without its domain is one of these."""
    wanted = Q()
    for name in names:
        wanted |= Q(hostname__istartswith=f"{name}.") | Q(name__istartswith=f"{name}.")
    if not wanted:
        return []
    rows = Server.objects.filter(wanted).exclude(pk__in=[row.pk for row in known])
    return list(rows.order_by("name")[:_MOST_ROWS])


def _own_names(server: Server) -> set[str]:
    return {
        _tidy(name.lower().rstrip(".")) for name in (server.name, server.hostname, *server.aliases)
    }


def _exactly(said: _Said, rows: Iterable[Server]) -> list[Server]:
    return [row for row in rows if _own_names(row) & set(said.names)]


def _by_bare_name(said: _Said, rows: Iterable[Server]) -> list[Server]:
    """Return the servers that fit once a domain is left off, and none of which denies it.

    The alert says the domain and the server does not, or the other way round: two domains that
    differ are two machines.
    """
    whole = {name for name in said.names if "." in name and not _is_ip(name)}
    short = {name for name in said.names if "." not in name and not _is_ip(name)}
    found = []
    for row in rows:
        own = _own_names(row)
        domains = {name for name in own if "." in name and not _is_ip(name)}
        in_domain = {name.partition(".")[0] for name in domains}
        is_bare_here = bool(own & {name.partition(".")[0] for name in whole} - in_domain)
        if is_bare_here or short & in_domain:
            found.append(row)
    return found


def _none(said: str) -> Placed:
    return Placed(server=None, found_by=_cut(said))


def _cut(said: str) -> str:
    return said if len(said) <= _SENTENCE else f"{said[: _SENTENCE - 1]}…"
