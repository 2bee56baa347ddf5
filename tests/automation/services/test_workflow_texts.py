import pytest

from automation.services import workflow_texts
from automation.workflows import Finding
from opsmanager.common.problems import Invalid
from tests.automation import makers

YAML = "name: Say\nnodes: {a: {kind: note, text: Hello}}"


def test_a_text_is_yaml_and_anything_else_is_json() -> None:
    read = workflow_texts.read(YAML)
    assert read == workflow_texts.read(read.as_json())


@pytest.mark.parametrize(
    ("raw", "places"),
    [
        ("a: b: c", {"definition"}),
        ([], {"definition"}),
        ({"nodes": {"a": {"kind": "note", "txt": "x"}}}, {"name", "nodes.a.text", "nodes.a.txt"}),
    ],
)
def test_what_can_not_be_read_is_refused_by_place(raw: object, places: set[str]) -> None:
    with pytest.raises(Invalid) as refused:
        workflow_texts.read(raw)
    assert set(refused.value.details) == places


@pytest.mark.parametrize(
    ("sentences", "said"),
    [
        (["One."], "The workflow can't be used. a: One."),
        (["One.", "Two."], "The workflow can't be used. a: One. There is 1 more."),
        (["One.", "Two.", "Three."], "The workflow can't be used. a: One. There are 2 more."),
    ],
)
def test_a_refusal_says_the_first_and_how_many_there_are(sentences: list[str], said: str) -> None:
    problem = workflow_texts.refusal(Finding(place="a", sentence=each) for each in sentences)
    assert problem.message == said
    assert problem.details == {"a": sentences}


@pytest.mark.django_db
@pytest.mark.usefixtures("rows")
def test_a_workflow_is_judged_for_who_asks() -> None:
    server = makers.server(name="web-1")
    text = "name: x\nnodes: {a: {kind: run, runbook: SAMPLE_LOOKING, server: web-1}}"
    definition, findings = workflow_texts.judged(makers.user("NOC", operates=server), text)
    assert definition is not None
    assert findings == []
    _, findings = workflow_texts.judged(makers.user("HR"), text)
    assert [each.place for each in findings] == ["nodes.a.server", "nodes.a.runbook"]
    assert workflow_texts.judged(makers.user("HR"), "a: b: c")[0] is None
