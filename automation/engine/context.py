"""What the steps of one execution share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class Context:
    """The state of one execution while it runs; steps reach it through ``Run``."""

    is_dry_run: bool = False
    previous: Mapping[str, Any] = field(default_factory=dict)
    """The result of the previous execution in a workflow; empty without one."""
    data: dict[str, Any] = field(default_factory=dict)
    """Kept with the execution, so that an undo finds it; JSON."""
    result: dict[str, Any] = field(default_factory=dict)
    summary: str = ""
    affects: str = ""
    """What the changing commands are about, such as "3 files of 2.1 GiB in /var/log"."""
    planned: list[str] = field(default_factory=list)
    """The changing commands that a dry run left out."""
    changed_steps: set[int] = field(default_factory=set)
    """The numbers of the steps that sent a changing command."""
    lost_command: str = ""
    """The changing command whose end nobody saw; empty unless there is one."""

    @property
    def changed(self) -> bool:
        """Whether a changing command was sent."""
        return bool(self.changed_steps)
