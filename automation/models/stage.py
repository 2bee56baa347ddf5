"""How far an execution is, told by three of its fields."""

from typing import Any

from automation.engine.results import Status


class Stage:
    """What follows from these: for an execution's row, and where no more than these is read."""

    status: Any
    rollback_status: Any
    ask_server_at: Any

    @property
    def is_final(self) -> bool:
        """Whether it has ended."""
        return Status(self.status).is_final

    @property
    def is_unknown(self) -> bool:
        """Whether nobody knows how it ended, so that a person may decide."""
        return Status(self.status) is Status.UNKNOWN

    @property
    def is_rolling_back(self) -> bool:
        """Whether its rollback waits or runs."""
        return self.rollback_status in (Status.PENDING, Status.RUNNING)

    @property
    def is_live(self) -> bool:
        """Whether it, or its rollback, has not ended."""
        return not self.is_final or self.is_rolling_back

    @property
    def may_still_change(self) -> bool:
        """Whether it may become another one by itself: it is live, or its server is asked."""
        return self.is_live or (self.is_unknown and self.ask_server_at is not None)
