"""The builder of workflows: the text is the one truth, and each act of it makes another text.

What was typed into any of its forms is put into the text with whatever is done next, so that
nothing is lost; what can't be put in stays as it was typed, and says why.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile

from automation import workflows
from automation.services import workflow_texts
from automation.web import workflow_graph, workflow_node_initial
from automation.web.workflow_graph import Graph
from automation.web.workflow_head_forms import HeadForm, InputsForm
from automation.web.workflow_node_fields import KINDS
from automation.web.workflow_node_form import NodeForm
from automation.workflows import Definition, Finding, WorkflowError, editing
from automation.workflows.reading import LONGEST
from opsmanager.accounts.models import User
from opsmanager.common.problems import Problem

SAVE: Final = "save"
_CANCEL: Final = "cancel"
_LOOK: Final = "look"
_MEND_FIRST: Final = "The text can't be read, so nothing was put into it. Mend the text first."
_STARTER: Final = editing.empty()
_ROW: Final = re.compile(r"(?:after|on|when)_[0-9]+")


class Builder:
    """A workflow while somebody works on it."""

    def __init__(self, user: User, text: str) -> None:
        self._user = user
        self.text = text
        self.act = ""
        self.is_ready = True
        """Whether all that was typed is in the text."""
        self.told = ""
        """Why an act was not done."""
        self.head = HeadForm(initial=HeadForm.of(_STARTER))
        self.inputs = InputsForm(initial=InputsForm.of(_STARTER))
        self.node: NodeForm | None = None
        self._node_was: Mapping[str, Any] | None = None
        self.definition: Definition | None = None
        self.findings: list[Finding] = []

    @classmethod
    def of(cls, user: User, definition: Definition | None) -> "Builder":
        """Return the builder as it is opened, for a workflow that is there or for a new one."""
        made = cls(user, workflows.dump(definition or _STARTER))
        made._show()
        if definition is None:
            made.findings = []  # nobody has done anything wrong yet
        return made

    @classmethod
    def sent(
        cls, user: User, data: Mapping[str, str], file: "UploadedFile[Any] | None"
    ) -> "Builder":
        """Return the builder after what was sent was done, but for saving it."""
        # Browsers send the ends of lines otherwise than they show them.
        values = {name: value.replace("\r\n", "\n") for name, value in data.items()}
        made = cls(user, values.get("text", ""))
        made.act = values.get("act", SAVE)
        if file is not None and made._take(file):
            values = {}
        try:
            definition = workflow_texts.loaded(made.text)
        except WorkflowError:
            made._keep(values)
        else:
            made._do(definition, values)
        return made

    @property
    def graph(self) -> Graph | None:
        """The drawing; none before there is something to draw."""
        if self.definition is None or not self.definition.nodes:
            return None
        return workflow_graph.of(self.definition)

    @property
    def was(self) -> str:
        """What the forms show before somebody types, to be told apart from what was typed."""
        shown: dict[str, Any] = {"head": self.head.initial, "inputs": self.inputs.initial}
        if self.node is not None:
            shown["node"] = self._node_was or self.node.initial
        return json.dumps(shown)

    @property
    def kinds(self) -> Mapping[str, str]:
        """What can be added."""
        return KINDS

    def refuse(self, problem: Problem) -> None:
        """Show why it was not saved; what is wrong by place is shown in any case."""
        self.is_ready = False
        self.told = "" if self.findings else problem.shown

    def _take(self, file: "UploadedFile[Any]") -> bool:
        """Have the text be that of a file, and say whether it is one."""
        self.act = _LOOK
        try:
            raw: bytes = file.read(4 * LONGEST + 1)
            self.text = raw.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError:
            self.is_ready = False
            self.told = f"{file.name} is no text. Choose a file in YAML or JSON."
            return False
        return True

    def _do(self, definition: Definition, values: Mapping[str, str]) -> None:
        was = _was(values)
        head = HeadForm(values, initial=was.get("head", {}))
        inputs = InputsForm(values, initial=was.get("inputs", {}))
        forms: list[HeadForm | InputsForm | NodeForm] = [head, inputs]
        node = self._sent_node(definition, values, was)
        if node is not None and self.act not in (_CANCEL, _LOOK):
            forms.append(node)
        changed = [form for form in forms if form.has_changed() or self.act == form.prefix]
        if [form for form in changed if not form.is_valid()]:
            self.is_ready = False
            self.definition = definition
            self._judge()
            self.head, self.inputs, self.node = head, inputs, node
            return
        edited = definition
        for form in changed:
            edited = form.applied(edited)
        verb, _, what = self.act.partition(":")
        if verb == "remove":
            edited = editing.without(edited, what)
        if edited != definition:
            self.text = workflows.dump(edited)
        self._show()
        if verb == "add" and what in KINDS:
            self._open(edited, workflow_node_initial.fresh(edited, what))
        elif verb == "edit" and what in edited.nodes:
            self._open(edited, workflow_node_initial.of(edited, what))
        elif self.act == _LOOK and node is not None:
            self._node_was = was.get("node", {})
            self._open(edited, _typed(values))

    def _sent_node(
        self, definition: Definition, values: Mapping[str, str], was: Mapping[str, Any]
    ) -> NodeForm | None:
        if "node-kind" not in values:
            return None
        initial = was.get("node", {})
        return NodeForm(values, user=self._user, definition=definition, initial=initial)

    def _open(self, definition: Definition, initial: Mapping[str, Any]) -> None:
        self.node = NodeForm(user=self._user, definition=definition, initial=initial)

    def _keep(self, values: Mapping[str, str]) -> None:
        """Leave everything as it was typed, for the text can't be read."""
        was = _was(values)
        self._judge()
        self.is_ready = False
        self.told = self.told or _MEND_FIRST
        self.head = HeadForm(values, initial=was.get("head", {}))
        self.inputs = InputsForm(values, initial=was.get("inputs", {}))
        self.node = self._sent_node(_STARTER, values, was)

    def _show(self) -> None:
        self._judge()
        if self.definition is not None:
            self.head = HeadForm(initial=HeadForm.of(self.definition))
            self.inputs = InputsForm(initial=InputsForm.of(self.definition))

    def _judge(self) -> None:
        self.definition, self.findings = workflow_texts.judged(self._user, self.text)


def _was(values: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return what the forms showed, by their names; of anything else nothing."""
    try:
        found = json.loads(values.get("was", ""))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: form for name, form in found.items() if isinstance(form, dict)}


def _typed(values: Mapping[str, str]) -> dict[str, Any]:
    """Return what was typed into the form of a node, to be shown again; without empty rows."""
    own = {
        name.removeprefix("node-"): value
        for name, value in values.items()
        if name.startswith("node-")
    }
    rows = [number for number in range(len(own)) if own.get(f"after_{number}")]
    shown = {name: value for name, value in own.items() if not _ROW.fullmatch(name)}
    for number, row in enumerate(rows):
        for name in ("after", "on", "when"):
            shown[f"{name}_{number}"] = own.get(f"{name}_{row}", "")
    return shown
