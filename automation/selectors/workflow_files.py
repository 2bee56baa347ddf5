"""Workflows as files, to be kept in Git or taken to another installation."""

import re
from dataclasses import dataclass
from typing import Final

from automation import workflows
from automation.models import Workflow
from automation.workflows import Form

MEDIA_TYPES: Final = {Form.YAML: "application/yaml", Form.JSON: "application/json"}
_NAMELESS: Final = "workflow"


@dataclass(frozen=True, kw_only=True)
class File:
    """A text with a name."""

    name: str
    media_type: str
    text: str

    @property
    def headers(self) -> dict[str, str]:
        """Those with which a browser saves it."""
        return {
            "Content-Type": f"{self.media_type}; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{self.name}"',
        }


def exported(workflow: Workflow, form: Form) -> File:
    """Return a workflow as a file that can be read in again."""
    stem = re.sub(r"[^a-z0-9]+", "-", workflow.name.lower()).strip("-")
    return File(
        name=f"{stem or _NAMELESS}.{form}",
        media_type=MEDIA_TYPES[form],
        text=workflows.dump(workflows.parsed(workflow.definition), form),
    )
