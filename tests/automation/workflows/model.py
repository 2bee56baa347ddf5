"""What a workflow comes to, defined anew: by recursion over its JSON, without any order of events.

Nothing here is shared with the code that it judges.
"""

from typing import Any

RAN_WELL, RAN_BADLY, RAN_UNTIL_CANCELLED = "SUCCEEDED", "FAILED", "CANCELLED"
NEVER_RAN, COULD_NOT_RUN = "SKIPPED", "FAILED BEFORE"

CONDITIONS: dict[str | None, Any] = {
    None: True,
    "inputs.yes": True,
    "inputs.no": False,
    "inputs.yes and not inputs.no": True,
    "inputs.three * 2 < 5": False,
    "inputs.three in [1, 3]": True,
    "inputs.gone > 1": None,
    "inputs.word + 1 == 2": None,
}
"""Whether each holds; ``None`` where it can't be worked out."""
INPUTS = {"yes": True, "no": False, "three": 3, "word": "x"}


class Model:
    """The end of each node of a workflow that nothing stops."""

    def __init__(self, raw: dict[str, Any], outcomes: dict[str, list[str]]) -> None:
        self.raw = raw
        self.outcomes = outcomes

    def edges_to(self, key: str) -> list[dict[str, Any]]:
        return [each for each in self.raw["edges"] if each["to"] == key]

    def edges_from(self, key: str) -> list[dict[str, Any]]:
        return [each for each in self.raw["edges"] if each["from"] == key]

    def fires(self, edge: dict[str, Any]) -> bool | None:
        end = self.end_of(edge["from"])
        has_failed = end in (RAN_BADLY, COULD_NOT_RUN)
        follows = {
            "success": end == RAN_WELL,
            "failure": has_failed,
            "always": end == RAN_WELL or has_failed,
        }[edge["on"]]
        return CONDITIONS[edge.get("when")] if follows else False

    def end_of(self, key: str) -> str:
        edges = [self.fires(each) for each in self.edges_to(key)]
        joins_any = self.raw["nodes"][key]["join"] == "any"
        if None in edges and not (joins_any and True in edges):
            return COULD_NOT_RUN
        if edges and True not in edges:
            return NEVER_RAN
        return self.outcome_of(key)

    def outcome_of(self, key: str) -> str:
        found = self.outcomes[key]
        for bad in (RAN_BADLY, RAN_UNTIL_CANCELLED):
            if bad in found:
                return bad
        return RAN_WELL if found else RAN_BADLY

    def is_neglected(self, key: str) -> bool:
        """Whether it failed, should not have, and no edge on its failure fires."""
        has_failed = self.end_of(key) in (RAN_BADLY, COULD_NOT_RUN)
        wants_care = self.raw["nodes"][key]["onFailure"] != "continue"
        return has_failed and wants_care and not any(map(self.fires, self.edges_from(key)))

    def stops(self, key: str, end: str) -> bool:
        if self.raw["nodes"][key]["onFailure"] == "continue":
            return False
        if end in (RAN_BADLY, COULD_NOT_RUN):
            return not [e for e in self.edges_from(key) if e["on"] in ("failure", "always")]
        return end == RAN_UNTIL_CANCELLED


def require_as_the_model_says(
    model: Model, phases: dict[str, str], ran: set[str], status: str
) -> None:
    """Require that a run that has ended came to what the model says.

    ``phases`` are of its nodes, ``ran`` the nodes that were begun.
    """
    ends = {key: model.end_of(key) for key in phases}
    stopping = {key for key, end in ends.items() if model.stops(key, end)}
    for key, phase in phases.items():
        shown = "FAILED" if ends[key] == COULD_NOT_RUN else ends[key]
        assert not (key in ran and ends[key] in (NEVER_RAN, COULD_NOT_RUN))
        if stopping:  # what was not begun by then depends on who was faster
            assert phase in (shown, "CANCELLED")
        else:
            assert phase == shown
            assert (key in ran) == (ends[key] not in (NEVER_RAN, COULD_NOT_RUN))
    if not stopping:
        is_neglected = any(map(model.is_neglected, ends))
        assert status == ("FAILED" if is_neglected else "SUCCESS")
    else:
        has_failed = "FAILED" in {phases[key] for key in stopping}
        assert status == ("FAILED" if has_failed else "CANCELLED")
