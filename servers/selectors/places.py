"""What an API token can be limited to: the servers and groups that its user may see."""

from collections.abc import Iterator

from opsmanager.accounts.models import User
from opsmanager.accounts.places import Place
from servers.selectors import groups, servers


def offered(user: User) -> Iterator[Place]:
    """Return each server and group that the user may see."""
    for pk, name in servers.visible_to(user).values_list("pk", "name"):
        yield Place(id=pk, name=name, is_group=False)
    for pk, name in groups.visible_to(user).values_list("pk", "name"):
        yield Place(id=pk, name=name, is_group=True)
