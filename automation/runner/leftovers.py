"""Deletes what nothing refers to any more."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now

from automation.models import ScheduleSlot, SlotState, SpentKey

_KEYS_FOR: Final = timedelta(days=90)
"""For how long a key whose execution was deleted launches nothing else."""
_SLOTS_FOR: Final = timedelta(days=90)
"""For how long it can be seen what became of a time of a schedule."""
# In SQL, so that the database refuses rather than forgets what began to refer to one meanwhile.
_SECRETS: Final = """
DELETE FROM automation_secretparameters s
 WHERE (%(ids)s::uuid[] IS NULL OR s.id = ANY(%(ids)s::uuid[]))
   AND NOT EXISTS (SELECT FROM automation_execution e WHERE e.secret_parameters_id = s.id)
   AND NOT EXISTS (SELECT FROM automation_batch b WHERE b.secret_parameters_id = s.id)
   AND NOT EXISTS (SELECT FROM automation_template t WHERE t.secret_parameters_id = s.id)
   AND NOT EXISTS (SELECT FROM automation_schedule c WHERE c.secret_parameters_id = s.id)
"""


def prune() -> None:
    """Delete secret parameters that nothing refers to, and keys and slots of long ago."""
    delete_secrets(None)
    SpentKey.objects.filter(spent_at__lt=Now() - _KEYS_FOR).delete()
    past = ScheduleSlot.objects.filter(due_at__lt=Now() - _SLOTS_FOR)
    past.exclude(state=SlotState.WAITING).delete()


def delete_secrets(ids: Iterable[UUID] | None) -> int:
    """Delete secret parameters, of these or of all, that nothing refers to; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_SECRETS, {"ids": None if ids is None else list(ids)})
        count: int = cursor.rowcount
    return count
