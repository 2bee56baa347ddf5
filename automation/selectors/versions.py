"""Whether an execution still looks as it did: all rows that what it shows is read from."""

from typing import Any, Final

from django.db.models import Exists, OuterRef, Subquery, TextField, Value
from django.db.models.functions import Concat

from automation.models import Approval, Execution
from opsmanager.common.row_version import RowVersion

# One column of each row that its JSON is made of.
_SHOWN: Final = ("revision", "runbook__title", "server__name", "triggered_by_user__username")


def version_along(pk: Any) -> Subquery:
    """Return a subquery that tells by a text which version of it all an execution shows.

    It finds nothing for one that waits, or for which others were asked: what those show changes
    with other executions, with votes and with the time.
    """
    asked = Approval.objects.filter(execution=OuterRef("pk"))
    rows = Execution.objects.filter(~Exists(asked), pk=pk, waiting_since=None).order_by()
    first, *others = map(RowVersion, _SHOWN)
    parts = (part for other in others for part in (Value(" "), other))
    version = Concat(first, *parts, output_field=TextField())
    return Subquery(rows.values(version=version))
