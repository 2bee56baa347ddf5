"""The names of permissions, by their ids. They are read once in a process.

Nothing but an upgrade makes or renames permissions, while each request asks by which of them its
user may do what: to put some hundred names together takes PostgreSQL longer than all else that it
is asked of a login. An id that is not known yet is looked up.
"""

from collections.abc import Iterable
from typing import Final

from django.contrib.auth.models import Permission

_KNOWN: Final[dict[int, str]] = {}


def names(ids: Iterable[int]) -> set[str]:
    """Return the names in full, such as ``servers.view_server``, of the permissions still there."""
    wanted = set(ids)
    if not wanted <= _KNOWN.keys():
        rows = Permission.objects.order_by().values_list(
            "pk", "content_type__app_label", "codename"
        )
        _KNOWN.update({pk: f"{label}.{codename}" for pk, label, codename in rows})
    return {_KNOWN[pk] for pk in wanted if pk in _KNOWN}
