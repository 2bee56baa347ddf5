"""What the steps of one execution share."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from automation.engine.errors import RunbookInvalid


@dataclass(kw_only=True)
class Context:
    """The state of one execution while it runs; steps reach it through ``Run``."""

    is_dry_run: bool = False
    is_rollback: bool = False
    previous: Mapping[str, Any] = field(default_factory=dict)
    """The result of the previous execution in a workflow; empty without one."""
    data: dict[str, Any] = field(default_factory=dict)
    """Kept with the execution, so that an undo finds it; JSON."""
    once: dict[str, Any] = field(default_factory=dict)
    """What :meth:`automation.engine.run.Run.once` made up; JSON."""
    result: dict[str, Any] = field(default_factory=dict)
    summary: str = ""
    affects: str = ""
    """What the changing commands are about, such as "3 files of 2.1 GiB in /var/log"."""
    planned: list[str] = field(default_factory=list)
    """The changing commands that a dry run left out."""
    warnings: list[str] = field(default_factory=list)
    """What was not as in the dry run that this run is to repeat."""
    ended_steps: set[int] = field(default_factory=set)
    """The numbers of the steps that ran to their end."""
    changed_steps: set[int] = field(default_factory=set)
    """The numbers of the steps that sent a changing command."""
    lost_command: str = ""
    """The changing command whose end nobody saw; empty unless there is one."""

    @property
    def changed(self) -> bool:
        """Whether a changing command was sent."""
        return bool(self.changed_steps)

    @property
    def steps_done(self) -> tuple[int, ...]:
        """The steps that a rollback would have to take back by now."""
        return tuple(sorted(self.ended_steps | self.changed_steps))

    def check_json(self) -> None:
        """Raise ``RunbookInvalid`` when what the steps wrote is no JSON.

        So that it is said at the step that did it, not when the execution is stored.
        """
        check_json(self.data, "run.data")
        check_json(self.once, "What run.once made")
        check_json(self.result, "run.result")


def check_json(value: object, name: str) -> None:
    """Raise ``RunbookInvalid`` when the value is no JSON."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise RunbookInvalid(f"{name} can't be kept, since it is not JSON: {error}.") from None
