"""Who may do something about incidents."""

from opsmanager.accounts import permissions, roles


def require_managing(actor: permissions.Actor) -> None:
    """Raise :class:`NotPermitted` unless the actor may manage incidents."""
    permissions.require(
        actor,
        roles.MANAGE_INCIDENTS,
        "Your role may not manage incidents. A manager or an administrator can give you one.",
    )
