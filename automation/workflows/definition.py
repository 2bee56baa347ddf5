"""What a workflow is: nodes that do something, and edges that say what follows what.

It is data and nothing else: written by hand in YAML, by a page or a program in JSON, always with
the names that the API has, in camelCase. An operator may write::

    name: Clean up when it is full
    inputs:
      - {name: server, type: server, required: true}
    nodes:
      check:
        kind: run
        runbook: HEALTH_CHECK
        server: "{{ inputs.server }}"
      clean:
        kind: run
        runbook: DISK_CLEANUP
        server: "{{ inputs.server }}"
        parameters: {minSizeMb: 100}
      told:
        kind: note
        text: "{{ results.check.data.usage }} % is not full."
    edges:
      - {from: check, to: clean, when: results.check.data.usage > 80}
      - {from: check, to: told, when: results.check.data.usage <= 80}

The models here only say which fields there are and of which types. What makes sense as a whole is
judged by :mod:`automation.workflows.checking`.
"""

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

MOST_NODES: Final = 500
MOST_EDGES: Final = 2000
MOST_INPUTS: Final = 50
MOST_SERVERS: Final = 1000
"""How many servers one node may run on; a batch has the same bound."""
LONGEST_WAIT: Final = 30 * 24 * 3600
"""In seconds."""
MOST_APPROVALS: Final = 10
LONGEST_NAME: Final = 50
LONGEST_LINE: Final = 200
LONGEST_TEXT: Final = 4000


class InputType(StrEnum):
    """What an input may be."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    SERVER = "server"
    """The name or id of a server."""
    GROUP = "group"
    """The name or id of a group of servers."""


class On(StrEnum):
    """After which end of a node an edge may fire."""

    SUCCESS = "success"
    FAILURE = "failure"
    ALWAYS = "always"
    """After either; a node that was skipped or cancelled fires none."""


class OnFailure(StrEnum):
    """What becomes of the workflow when a node fails and no edge follows its failure."""

    STOP = "stop"
    CONTINUE = "continue"


class Join(StrEnum):
    """For what a node with several incoming edges waits."""

    ALL = "all"
    """Until it is known of every edge whether it fires; one that does is enough to start, so that
    the two branches of an either-or meet again."""
    ANY = "any"
    """Until the first edge fires."""


class _Part(BaseModel):
    """A part of a workflow: frozen, in camelCase on the wire, without fields that nobody knows."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )


# From JSON and YAML each comes as its text.
_InputType = Annotated[InputType, Field(strict=False)]
_On = Annotated[On, Field(strict=False)]
_OnFailure = Annotated[OnFailure, Field(strict=False)]
_Join = Annotated[Join, Field(strict=False)]


class Input(_Part):
    """What has to be known before the workflow starts; ``inputs.<name>`` in its templates."""

    name: str
    type: _InputType
    required: bool = False
    default: str | int | float | bool | None = None
    """Without one, an input that is not given is none."""
    help: str = ""


class ForEach(_Part):
    """The servers that a node runs on, each by itself: ``servers`` or a ``group``, not both.

    Each may be a template.
    """

    servers: list[str] | None = None
    group: str | None = None
    max_parallel: int | None = None
    """On how many it runs at once at most; on all when there is none."""
    stop_after_failures: int | None = None
    """After how many failed ones the rest is not begun; always begun when there is none."""


class _Node(_Part):
    """What every node has."""

    title: str = ""
    join: _Join = Join.ALL
    on_failure: _OnFailure = OnFailure.STOP


class Run(_Node):
    """Runs a ``runbook`` or a ``template`` of one, on a ``server`` or ``forEach`` of several."""

    kind: Literal["run"]
    runbook: str | None = None
    """Its id, such as ``HEALTH_CHECK``."""
    template: str | None = None
    """The name or id of a saved template; ``parameters`` then replace those that it has."""
    server: str | None = None
    """Its name or id, or a template."""
    for_each: ForEach | None = None
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    """By their names on the wire; every text within may be a template."""
    is_dry_run: bool = False


class Wait(_Node):
    """Waits some ``seconds``, or until so many people gave their ``approvals``."""

    kind: Literal["wait"]
    seconds: int | None = None
    approvals: int | None = None
    """How many different people must approve."""
    expires_after: int | None = None
    """In seconds: without enough approvals by then, the node has failed. A day without it."""
    message: str = ""
    """What is asked; may be a template."""


class Note(_Node):
    """Writes a text, which may be a template, into the story of the run."""

    kind: Literal["note"]
    text: str


Node = Annotated[Run | Wait | Note, Field(discriminator="kind")]
"""What a workflow does at one place."""


class Edge(_Part):
    """Says that one node may follow another, and when."""

    from_: str = Field(alias="from")
    to: str
    on: _On = On.SUCCESS
    when: str | None = None
    """A condition over inputs and results; it may use the result of ``from``."""

    def leads_on(self, *, failed: bool) -> bool:
        """Say whether this edge may fire when its beginning ended so."""
        return self.on is On.ALWAYS or (self.on is On.FAILURE) == failed


class Definition(_Part):
    """A whole workflow."""

    name: str
    description: str = ""
    inputs: list[Input] = Field(default_factory=list)
    nodes: dict[str, Node]
    """By their keys, which name them in edges and, as ``results.<key>``, in templates."""
    edges: list[Edge] = Field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON, without what is as it is by default."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
