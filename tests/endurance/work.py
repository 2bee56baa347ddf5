"""The work of a long run: which executions are asked for, and how each has to end."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.endurance.site import Site
from tests.faults.world import World

NAME = "endurance"
_CHANGE, _LOOK = "FAULTS_CHANGE", "FAULTS_LOOK"
LONG_SECONDS = 10.0
"""How long a command takes that somebody cancels; where that comes too late, it succeeds."""
REFUSED_SHARE = 0.3
"""Of the executions, where logins fail."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of execution."""

    name: str
    runbook: str
    share: int
    ends: frozenset[str]
    """The statuses that it may end with."""
    seconds: float = 0
    code: int = 0
    is_dry_run: bool = False
    is_cancelled: bool = False

    @property
    def changes(self) -> bool:
        """Whether its servers are changed."""
        return self.runbook == _CHANGE and not self.is_dry_run


KINDS = (
    Kind(name="look", runbook=_LOOK, share=40, ends=frozenset({"SUCCESS"})),
    Kind(name="change", runbook=_CHANGE, share=25, ends=frozenset({"SUCCESS"})),
    Kind(name="plan", runbook=_CHANGE, share=15, is_dry_run=True, ends=frozenset({"SUCCESS"})),
    Kind(name="fail", runbook=_LOOK, share=10, code=3, ends=frozenset({"FAILED"})),
    Kind(
        name="cancel",
        runbook=_LOOK,
        share=10,
        seconds=LONG_SECONDS,
        is_cancelled=True,
        ends=frozenset({"CANCELLED", "SUCCESS"}),
    ),
)
REFUSED = Kind(name="refused", runbook=_LOOK, share=0, ends=frozenset({"FAILED"}))
BY_NAME = {kind.name: kind for kind in (*KINDS, REFUSED)}


@dataclass(frozen=True, kw_only=True)
class Order:
    """One request: a runbook on several servers."""

    key: str
    kind: Kind
    servers: list[str]
    body: dict[str, Any]


def orders(
    world: World, site: Site, chance: random.Random, *, executions: int, refused: range
) -> Iterator[Order]:
    """Make up orders until there are so many executions.

    In the part ``refused`` of them a share goes to servers that refuse the login.
    """
    asked = number = 0
    good = [server["id"] for server in site.good]
    refusing = [server["id"] for server in site.refusing]
    while asked < executions:
        number += 1
        kind = chance.choices(KINDS, [kind.share for kind in KINDS])[0]
        if asked in refused and chance.random() < REFUSED_SHARE:
            kind = REFUSED
        among = refusing if kind is REFUSED else good
        chosen = chance.sample(among, min(len(among) // 2, executions - asked))
        asked += len(chosen)
        key = f"{NAME}-{kind.name}-{number}"
        yield Order(
            key=key,
            kind=kind,
            servers=chosen,
            body={
                "runbookId": kind.runbook,
                "serverIds": chosen,
                "isDryRun": kind.is_dry_run,
                "priority": chance.choices(["HIGH", "NORMAL", "LOW"], [1, 4, 1])[0],
                "parameters": {
                    "program": str(world.fleet.program),
                    "record": str(world.fleet.records / f"{NAME}.0"),
                    "key": key,
                    "seconds": kind.seconds,
                    "code": kind.code,
                },
            },
        )
