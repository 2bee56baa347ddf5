"""Which addresses servers may have here: the rule of ``servers.ssh`` with what was opened."""

from django.conf import settings

from opsmanager.common.addresses import Allowed
from servers.ssh.addresses import Reach


def the_reach() -> Reach:
    """Return the rule that ``OPSMANAGER_SERVER_ALLOWED_NETWORKS`` makes."""
    allowed: Allowed = settings.SERVER_ALLOWED_NETWORKS
    return Reach(networks=allowed.networks, hosts=allowed.hosts)


def why_not(hostname: str) -> str:
    """Return a sentence about why this can't be a server's address; empty when it may be."""
    said = the_reach().refusal_of_name(hostname)
    return said and (
        f"{said}. Use the address of a server; OPSMANAGER_SERVER_ALLOWED_NETWORKS opens others."
    )
