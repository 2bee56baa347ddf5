from typing import Any

import pytest

from automation.workflows import Edge, On
from automation.workflows.words import sentence_of, summary_of
from tests.automation.workflows.makers import note, run, workflow


@pytest.mark.parametrize(
    ("fields", "summary"),
    [
        (run(), "CHECK on web-1"),
        (run(isDryRun=True), "CHECK, dry on web-1"),
        (
            {"kind": "run", "template": "clean-logs", "forEach": {"group": "web"}},
            "clean-logs on each of web",
        ),
        (
            {"kind": "run", "runbook": "CHECK", "forEach": {"servers": ["web-1", "web-2"]}},
            "CHECK on web-1, web-2",
        ),
        ({"kind": "run", "forEach": {}}, "nothing yet on no server yet"),
        ({"kind": "run"}, "nothing yet on no server yet"),
        ({"kind": "wait", "seconds": 90}, "Waits 1 min 30 s"),
        ({"kind": "wait", "seconds": 90000}, "Waits 1 d 1 h"),
        ({"kind": "wait"}, "Waits 0 s"),
        ({"kind": "wait", "approvals": 1}, "Until 1 person approved"),
        ({"kind": "wait", "approvals": 2}, "Until 2 people approved"),
        (note(text="Line\nby line"), "Line by line"),
        (note(text="x" * 200), f"{'x' * 89}…"),
    ],
)
def test_a_node_is_summed_up_in_a_few_words(fields: dict[str, Any], summary: str) -> None:
    assert summary_of(workflow({"a": fields}).nodes["a"]) == summary


@pytest.mark.parametrize(
    ("on", "when", "said"),
    [
        (On.SUCCESS, None, "After a"),
        (On.FAILURE, None, "After a failed"),
        (On.ALWAYS, "1 > 0", "After a ended, well or not, if 1 > 0"),
    ],
)
def test_an_edge_says_after_what_and_if(on: On, when: str | None, said: str) -> None:
    assert sentence_of(Edge(from_="a", to="b", on=on, when=when)) == said
