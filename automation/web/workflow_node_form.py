"""The form of one node in the builder of workflows: what it does, where, and after what."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django import forms
from django.forms import BoundField

from automation import catalog, workflows
from automation.engine.descriptions import ParamDescription, describe
from automation.engine.errors import UnknownRunbook
from automation.selectors import runbooks, templates
from automation.web.workflow_node_fields import FURTHER, KINDS, OWN, SEVERAL, SPREAD, NodeFields
from automation.workflows import (
    Definition,
    DefinitionInvalid,
    InputType,
    On,
    TextUnreadable,
    editing,
)
from automation.workflows.editing import Follow
from opsmanager.accounts import permissions
from servers.selectors import groups, servers

_MORE_ROWS: Final = 2
_MOST_ROWS: Final = 200
_ON_WORDS: Final = (
    (On.SUCCESS.value, "has succeeded"),
    (On.FAILURE.value, "has failed"),
    (On.ALWAYS.value, "has ended, well or not"),
)
_WANTED: Final = {
    "runbook": "Choose a runbook.",
    "template": "Choose a template.",
    "where": "Choose where it runs.",
    "seconds": "Say how many seconds.",
    "approvals": "Say how many.",
    "text": "Say something.",
}
# By the places of findings, for fields that are called otherwise.
_FIELDS: Final = {"server": "where", "forEach": "where", "isDryRun": "is_dry_run"}


class NodeForm(NodeFields):
    """A node of a workflow; its ``kind`` decides which fields there are."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        user: permissions.Actor,
        definition: Definition,
        initial: Mapping[str, Any],
    ) -> None:
        super().__init__(data, initial=dict(initial))
        self._definition = definition
        given = self._given
        kind = given("kind")
        self.does = kind if kind in KINDS else "note"
        self.heading = KINDS[self.does]
        for name in {each for names in OWN.values() for each in names} - {*OWN[self.does]}:
            del self.fields[name]
        if "where" not in self.fields:
            for name in SPREAD:
                del self.fields[name]
        self._offer(user)
        self._add_rows()

    @property
    def rows(self) -> Iterator[tuple[BoundField, BoundField, BoundField]]:
        """The rows that say after what it comes."""
        for number in range(self._rows):
            yield self[f"after_{number}"], self[f"on_{number}"], self[f"when_{number}"]

    @property
    def main(self) -> Iterator[BoundField]:
        """The fields that everybody needs, in order."""
        for name in ("title", *OWN[self.does]):
            yield self[name]

    @property
    def further(self) -> Iterator[BoundField]:
        """The fields that few need."""
        spread = SPREAD if "where" in self.fields else ()
        for name in (*FURTHER, *spread):
            yield self[name]

    @property
    def is_new(self) -> bool:
        """Whether it is a node that is not there yet."""
        return self._given("was") not in self._definition.nodes

    @property
    def described(self) -> list[ParamDescription]:
        """The parameters of the runbook that is chosen; none before one is."""
        try:
            return list(describe(catalog.runbooks().get(self._given("runbook"))))
        except UnknownRunbook:
            return []

    def clean(self) -> dict[str, Any]:
        """Make the node, so that what is no node is said beside its field."""
        values = super().clean() or {}
        for name, said in _WANTED.items():
            if name in self.fields and name not in self.errors and not values.get(name):
                self.add_error(name, said)
        raw = self._raw(values)
        if self.errors:
            return values
        was = values["was"] if values["was"] in self._definition.nodes else None
        words = values["title"] or values.get("runbook") or values.get("template") or self.does
        key = values["key"] or was or editing.free_key(self._definition, words)
        if key != was and key in self._definition.nodes:
            self.add_error("key", f"There is a node {key} already. Choose another key.")
            return values
        try:
            made = workflows.parsed({"name": "x", "nodes": {key: raw}})
        except DefinitionInvalid as problem:
            for finding in problem.findings:
                name = finding.place.removeprefix(f"nodes.{key}").strip(".").partition(".")[0]
                name = _FIELDS.get(name, name)
                self.add_error(name if name in self.fields else None, finding.sentence)
            return values
        values["made"] = key, made.nodes[key], was
        return values

    def applied(self, definition: Definition) -> Definition:
        """Return the workflow with the node as the form has it."""
        key, node, was = self.cleaned_data["made"]
        follows = [
            Follow(
                source=self.cleaned_data[f"after_{number}"],
                on=On(self.cleaned_data[f"on_{number}"]),
                when=self.cleaned_data[f"when_{number}"],
            )
            for number in range(self._rows)
            if self.cleaned_data[f"after_{number}"]
        ]
        return editing.put(definition, key, node, follows, instead_of=was)

    def _given(self, name: str) -> str:
        """Return a field's value as it was sent or is shown, before it is looked at."""
        sent = self.data.get(f"{self.prefix}-{name}") if self.is_bound else None
        return str(self.initial.get(name, "") if sent is None else sent)

    def _offer(self, user: permissions.Actor) -> None:
        """Fill the lists to choose from; what is named already stays, though it is not there."""
        if "runbook" in self.fields:
            rows = runbooks.visible_to(user).order_by("title")
            self._choose("runbook", [(row.runbook_id, row.title) for row in rows])
        if "template" in self.fields:
            self._choose("template", [(row.name, row.name) for row in templates.visible_to(user)])
        if "where" in self.fields:
            self._choose("where", [*self._inputs(), *_places(user), (SEVERAL, "Those named below")])

    def _inputs(self) -> Iterator[tuple[str, str]]:
        kinds = {InputType.SERVER: "server", InputType.GROUP: "group"}
        for each in self._definition.inputs:
            if each.type in kinds:
                kind = kinds[each.type]
                words = f"The {kind} of the input {each.name}"
                yield f"{kind}:{{{{ inputs.{each.name} }}}}", words

    def _choose(self, name: str, options: list[tuple[str, str]]) -> None:
        value = self._given(name)
        if value and value not in dict(options):
            options = [(value, f"{value.partition(':')[2] or value}, as it was"), *options]
        self._set_choices(name, [("", "Choose one"), *options])

    def _set_choices(self, name: str, options: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - it is declared above
        field.choices = options

    def _add_rows(self) -> None:
        number = 0
        while number < _MOST_ROWS and (
            f"after_{number}" in self.initial
            or (self.is_bound and f"{self.prefix}-after_{number}" in self.data)
        ):
            number += 1
        self._rows = number if self.is_bound else number + _MORE_ROWS
        was = self._given("was")
        keys = [(key, key) for key in self._definition.nodes if key != was]
        for number in range(self._rows):
            label = f"Row {number + 1}"
            self.fields[f"after_{number}"] = forms.ChoiceField(
                required=False, label=f"{label}: after"
            )
            self._choose(f"after_{number}", list(keys))
            self.fields[f"on_{number}"] = forms.ChoiceField(
                required=False,
                label=f"{label}: when it",
                choices=_ON_WORDS,
                initial=On.SUCCESS.value,
            )
            self.fields[f"when_{number}"] = forms.CharField(
                required=False,
                label=f"{label}: and if",
                strip=False,
                widget=forms.TextInput({"autocapitalize": "off", "spellcheck": "false"}),
            )

    def _raw(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the node as JSON, without what is not said."""
        kind = "wait" if self.does == "approval" else self.does
        raw: dict[str, Any] = {
            "kind": "run" if kind in ("runbook", "template") else kind,
            "title": values.get("title"),
            "join": values.get("join"),
            "onFailure": values.get("on_failure"),
            "seconds": values.get("seconds"),
            "approvals": values.get("approvals"),
            "expiresAfter": values.get("expires_after"),
            "message": values.get("message"),
            "runbook": values.get("runbook"),
            "template": values.get("template"),
            "isDryRun": values.get("is_dry_run"),
        }
        raw = {name: value for name, value in raw.items() if value not in (None, "", False)}
        if self.does == "note":
            raw["text"] = values.get("text", "")
        if "where" in self.fields:
            raw |= self._place(values)
            raw |= self._parameters(values)
        return raw

    def _place(self, values: Mapping[str, Any]) -> dict[str, Any]:
        kind, _, name = str(values.get("where", "")).partition(":")
        if kind == "server":
            return {"server": name}
        spread: dict[str, Any] = {
            "maxParallel": values.get("max_parallel"),
            "stopAfterFailures": values.get("stop_after_failures"),
        }
        if kind == "group":
            spread["group"] = name
        elif kind == SEVERAL:
            lines = str(values.get("servers", "")).splitlines()
            spread["servers"] = [line.strip() for line in lines if line.strip()]
        else:
            return {}
        return {"forEach": {name: each for name, each in spread.items() if each is not None}}

    def _parameters(self, values: Mapping[str, Any]) -> dict[str, Any]:
        try:
            found = workflows.load_value(str(values.get("parameters", "")))
        except TextUnreadable as problem:
            self.add_error("parameters", str(problem))
            return {}
        return {"parameters": found} if found is not None else {}


def _places(user: permissions.Actor) -> Iterator[tuple[str, str]]:
    for server in servers.visible_to(user).order_by("name"):
        yield f"server:{server.name}", server.name
    for group in groups.visible_to(user).order_by("name"):
        yield f"group:{group.name}", f"Each server of {group.name}"
