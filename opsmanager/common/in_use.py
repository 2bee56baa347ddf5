"""What is said when something can't be deleted because other things use it."""

from django.db.models import Model, ProtectedError

from opsmanager.common.problems import Conflict


def in_use(row: Model, problem: ProtectedError) -> Conflict:
    """Return the refusal to delete a row that others protect; it names each of them."""
    users = sorted(map(_called, problem.protected_objects))
    return Conflict(
        f"{row} is used by {', '.join(users)}. Have that run something else, or delete it, then "
        f"delete the {_kind(row)}.",
        details={"usedBy": users},
    )


def _called(row: Model) -> str:
    return f"the {_kind(row)} {row}"


def _kind(row: Model) -> str:
    return str(type(row)._meta.verbose_name)  # noqa: SLF001 - Django's public API
