"""Whether who asked for an execution may still have it, now that a worker is about to begin."""

from automation.engine.errors import EngineError
from automation.engine.results import ErrorCode
from automation.engine.runbook import Runbook
from automation.models import Execution
from automation.runner.claim import Claim
from automation.selectors import access
from opsmanager.accounts import api_tokens
from opsmanager.accounts.api_tokens import ApiTokenRefused
from opsmanager.common.problems import NotPermitted


class PermissionLost(EngineError):
    """Who asked for the execution may not run it any more."""

    code = ErrorCode.VALIDATION


def require_still(execution: Execution, claim: Claim, kind: type[Runbook]) -> None:
    """Raise :class:`PermissionLost` when the person lost the right while it waited.

    What was asked for by an API token needs the token, too: it must be good still, and cover it.
    What a lost worker left half done is not asked about: to go on is safer than to stop there.
    """
    if execution.resumes:
        return
    started_by = execution.triggered_by_user or execution.on_behalf_of
    actor = execution.rollback_by if claim.is_rollback else started_by
    if actor is None:
        raise PermissionLost(
            "The user who asked for it, or for whom it starts by itself, was removed meanwhile, so "
            "nothing was sent. Start it again if it is still wanted."
        )
    token_id = execution.rollback_token_id if claim.is_rollback else execution.api_token_id
    try:
        if token_id is not None:
            actor = api_tokens.acting_by(actor, token_id)
    except ApiTokenRefused as problem:
        raise PermissionLost(
            f"It was asked for by an API token, and nothing was sent: {problem} Somebody who may "
            "can start it again."
        ) from problem
    try:
        access.require_launch(actor, execution.runbook, kind, execution.server)
    except NotPermitted as problem:
        raise PermissionLost(
            f"{actor.get_username()}, who asked for it, may not run this on "
            f"{execution.server.name} any more, so nothing was sent. Somebody who may can start it."
        ) from problem
