"""Whether a failed attempt is worth another one by itself, and when."""

import random
from typing import Final

from automation import catalog
from automation.engine.results import ErrorCode, Outcome, Status
from automation.models import Execution
from automation.runner.claim import Claim

_FIRST_SECONDS: Final = 5.0
_MOST_SECONDS: Final = 300.0


def is_worth_it(execution: Execution, claim: Claim, outcome: Outcome) -> bool:
    """Whether to try again: for a failure that may pass, and where that can do no harm.

    None is done over after a changing command was sent, unless the runbook says that doing it
    twice is as good as once.
    """
    if outcome.status is not Status.FAILED or claim.attempt > execution.max_retries:
        return False
    if execution.runbook.runbook_id not in catalog.runbooks():
        return False
    runbook = catalog.runbooks().get(execution.runbook.runbook_id)
    may_pass = outcome.error_code in {ErrorCode(code) for code in runbook.retry_on}
    return may_pass and (runbook.idempotent or not outcome.changed)


def pause_after(attempt: int) -> float:
    """Return how many seconds to wait after this attempt: 5, 15, 45, ... jittered, at most 300."""
    pause = min(_FIRST_SECONDS * float(3 ** (attempt - 1)), _MOST_SECONDS)
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 - nothing secret about it
