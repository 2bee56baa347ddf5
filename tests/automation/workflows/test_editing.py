from automation.workflows import Definition, Input, InputType, Note, On, editing
from automation.workflows.editing import Follow
from tests.automation.workflows.makers import edge, note, workflow


def said(text: str) -> Note:
    return Note(kind="note", text=text)


def ways(definition: Definition) -> list[tuple[str, str, str, str | None]]:
    return [(each.from_, each.to, each.on.value, each.when) for each in definition.edges]


def test_a_workflow_is_built_from_nothing() -> None:
    built = editing.described(editing.empty(), name="Clean up", description="When it is full")
    built = editing.with_inputs(built, [Input(name="server", type=InputType.SERVER)])
    built = editing.put(built, "a", said("One"), [])
    follow = Follow(source="a", on=On.FAILURE, when="inputs.server == 'x'")
    built = editing.put(built, "b", said("Two"), [follow])
    assert built.as_json() == {
        "name": "Clean up",
        "description": "When it is full",
        "inputs": [{"name": "server", "type": "server"}],
        "nodes": {"a": {"kind": "note", "text": "One"}, "b": {"kind": "note", "text": "Two"}},
        "edges": [{"from": "a", "to": "b", "on": "failure", "when": "inputs.server == 'x'"}],
    }
    assert editing.follows_of(built, "b") == [follow]
    assert editing.follows_of(built, "a") == []


def test_a_node_that_is_changed_keeps_its_place_and_what_leads_on_from_it() -> None:
    before = workflow("a b c", edge("a b", when="results.a.success"), "b c", "a c")
    changed = editing.put(
        before, "b", said("New"), [Follow(source="a"), Follow(source="c")], instead_of="b"
    )
    assert list(changed.nodes) == ["a", "b", "c"]
    assert changed.nodes["b"].model_dump()["text"] == "New"
    assert ways(changed) == [
        ("a", "b", "success", None),
        ("c", "b", "success", None),
        ("b", "c", "success", None),
        ("a", "c", "success", None),
    ]


def test_a_node_that_is_renamed_takes_its_edges_along() -> None:
    before = workflow("a b c", "a b", edge("b c", on="always"))
    changed = editing.put(before, "look", said("x"), [Follow(source="a")], instead_of="b")
    assert list(changed.nodes) == ["a", "look", "c"]
    assert ways(changed) == [("a", "look", "success", None), ("look", "c", "always", None)]


def test_a_node_whose_place_is_gone_is_put_at_the_end() -> None:
    changed = editing.put(workflow("a"), "b", said("x"), [], instead_of="gone")
    assert list(changed.nodes) == ["a", "b"]


def test_a_node_goes_with_its_edges() -> None:
    changed = editing.without(workflow("a b c", "a b", "b c", "a c"), "b")
    assert list(changed.nodes) == ["a", "c"]
    assert ways(changed) == [("a", "c", "success", None)]


def test_what_was_is_left_as_it_was() -> None:
    before = workflow({"a": note(), "b": note()}, "a b")
    kept = before.as_json()
    editing.put(before, "b", said("x"), [], instead_of="b")
    editing.without(before, "a")
    editing.described(before, name="x", description="")
    assert before.as_json() == kept


def test_a_key_is_made_of_words_and_is_never_taken() -> None:
    definition = workflow("clean_up clean_up_2")
    assert editing.free_key(definition, "Clean up!") == "clean_up_3"
    assert editing.free_key(definition, "Prüfe die Platte") == "prufe_die_platte"
    assert editing.free_key(definition, "1. HEALTH_CHECK") == "health_check"
    assert editing.free_key(definition, "日本") == "step"
    assert len(editing.free_key(definition, "x" * 200)) <= 50
