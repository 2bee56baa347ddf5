"""What the form of a node shows: of one that is there, and of a new one."""

from typing import Any

from automation import workflows
from automation.web.workflow_node_fields import SEVERAL
from automation.workflows import (
    Definition,
    InputType,
    Join,
    Note,
    On,
    OnFailure,
    Run,
    Wait,
    editing,
)


def kind_of(node: Run | Wait | Note) -> str:
    """Return by which form a node is changed."""
    if isinstance(node, Note):
        return "note"
    if isinstance(node, Wait):
        return "wait" if node.approvals is None else "approval"
    return "runbook" if node.template is None else "template"


def fresh(definition: Definition, kind: str) -> dict[str, Any]:
    """Return what the form of a new node shows: it follows the last one."""
    last = next(reversed(definition.nodes), "")
    servers = [each.name for each in definition.inputs if each.type is InputType.SERVER]
    shown = {"kind": kind, **_fields_of(None)}
    if servers and kind in ("runbook", "template"):
        shown["where"] = f"server:{{{{ inputs.{servers[0]} }}}}"
    if last:
        shown |= {"after_0": last, "on_0": On.SUCCESS.value, "when_0": ""}
    return shown


def of(definition: Definition, key: str) -> dict[str, Any]:
    """Return what the form shows of a node."""
    node = definition.nodes[key]
    shown = {"kind": kind_of(node), "was": key, "key": key, "title": node.title}
    shown |= _fields_of(node)
    for number, follow in enumerate(editing.follows_of(definition, key)):
        shown |= {
            f"after_{number}": follow.source,
            f"on_{number}": follow.on.value,
            f"when_{number}": follow.when,
        }
    return shown


def _fields_of(node: Run | Wait | Note | None) -> dict[str, Any]:
    """Return what is shown of the fields that are no rows."""
    shown: dict[str, Any] = {"join": Join.ALL.value, "on_failure": OnFailure.STOP.value}
    if node is not None:
        shown = {"join": node.join.value, "on_failure": node.on_failure.value}
    if isinstance(node, Note):
        shown["text"] = node.text
    elif isinstance(node, Wait):
        names = ("seconds", "approvals", "expires_after", "message")
        shown |= {name: getattr(node, name) for name in names}
    elif isinstance(node, Run):
        spread = node.for_each
        shown |= {
            "runbook": node.runbook or "",
            "template": node.template or "",
            "parameters": workflows.dump_value(node.parameters),
            "is_dry_run": node.is_dry_run,
            "where": f"server:{node.server}" if node.server is not None else "",
        }
        if spread is not None:
            shown["where"] = f"group:{spread.group}" if spread.group is not None else SEVERAL
            shown["servers"] = "\n".join(spread.servers or [])
            shown["max_parallel"] = spread.max_parallel
            shown["stop_after_failures"] = spread.stop_after_failures
    return shown
