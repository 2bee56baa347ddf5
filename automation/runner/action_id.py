"""Ids of actions: what a server's record knows them by, and refuses a second start of."""

from uuid import UUID, uuid5


def action_id(execution_id: UUID, seq: int) -> UUID:
    """Return the id of the action with this number in the log of the execution.

    Worked out, so that it is the same once more where the database was restored and has forgotten
    that the action was sent: the server has not.
    """
    return uuid5(execution_id, str(seq))
