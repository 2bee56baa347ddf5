from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.workflows.expressions import (
    Reference,
    evaluate,
    filled,
    references_of_condition,
    references_of_template,
    text_of,
    value_of,
)
from opsmanager.common.sandbox import TemplateInvalid

KNOWN: dict[str, Any] = {
    "inputs": {"server": "web-1", "n": 3, "gently": False, "list": [1, "b"], "none": None},
    "results": {
        "check": {
            "status": "SUCCESS",
            "success": True,
            "data": {
                "usage": 85,
                "share": 0.5,
                "text": "85",
                "percent": "80%",
                "items": ["a", "b"],
            },
        },
    },
}
USAGE = "results.check.data.usage"


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (f"{USAGE} > 80", True),
        (f"{USAGE} > 80 and not inputs.gently", True),
        (f"{USAGE} < 80 or inputs.gently", False),
        ("results.check.success", True),
        ("results.check.status == 'SUCCESS'", True),
        ("results.check.status in ['FAILED', 'TIMEOUT']", False),
        ("results.check.status not in ('FAILED', 'TIMEOUT')", True),
        (f"{USAGE} * 2 - 10 // 3 == 167", True),
        (f"{USAGE} % 10 + 1 == 6", True),
        (f"-{USAGE} / 5 == -17.0", True),
        ("results.check.data.text | int > 84", True),
        ("results.check.data.text | float >= 85", True),
        ("results.check.data.percent | int(0) == 0", True),
        ("results.check.data.gone | int(7) == 7", True),
        ("results.check.data.gone is defined", False),
        ("results.check.data.gone is undefined", True),
        ("inputs.none is none", True),
        ("results.check.data.gone.deeper | default(9) == 9", True),
        ("inputs.server | upper == 'WEB-1'", True),
        ("'web' in inputs.server", True),
        ("results.check.data.items | length == 2", True),
        ("results.check.data.items[0] == 'a'", True),
        ("results.check.data.items[-1] == 'b'", True),
        ("results.check.data['usage'] == 85", True),
        ("results['check'].data.usage == 85", True),
        ("results.check.data.share | round == 0", True),
        ("(results.check.data.share + 0.26) | round(1) == 0.8", True),
        ("(3 - inputs.n * 2) | abs == 3", True),
        ("inputs.server ~ '!' == 'web-1!'", True),
        ("true if inputs.gently else false", False),
        ("results.check.data.items | join('-') == 'a-b'", True),
        ("inputs.list | join == '1b'", True),
    ],
)
def test_a_condition_is_what_ansible_taught(condition: str, holds: bool) -> None:
    assert evaluate(condition, KNOWN) is holds
    references_of_condition(condition)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("", "The text is “”"),
        ("inputs.n >", "unexpected 'end of template'"),
        ("inputs.n 3", "something behind its end"),
        ("{{ inputs.gently }}", "without {{ and }}"),
        ("inputs.server", "gives a text, not yes or no"),
        ("inputs.n", "gives a number, not yes or no"),
        ("inputs.list", "gives a list, not yes or no"),
        ("results.check", "gives an object, not yes or no"),
        ("inputs.none", "gives nothing, not yes or no"),
        ("results.check.data.gone", "There is no gone. Say what to take instead"),
        ("results.check.data.gone > 3", "There is no gone"),
        ("results.check.data.gone.further > 3", "There is no gone"),
        ("results.check.data.gone + 3 > 3", "There is no gone"),
        ("not results.check.data.gone", "There is no gone"),
        ("results.check.data.gone | round > 1", "There is no gone"),
        ("results.check.data.gone | join == 'x'", "There is no gone"),
        ("results.check.data.items[2] == 'c'", "There is no 2"),
        ("inputs.server > 3", "not of one kind"),
        ("inputs.none > 3", "not of one kind"),
        ("inputs.n / 0 > 1", "divides by zero"),
        ("inputs.n % 0 > 1", "divides by zero"),
        ("inputs.server + 'x' == 'y'", "A text is no number"),
        ("inputs.gently + 1 == 1", "Yes or no is no number"),
        ("inputs.server * 1000000000 == 'y'", "A text is no number"),
        ("'%1000000000d' % 3 == 'y'", "A text is no number"),
        ("[1] * 1000000000 == 'y'", "A list is no number"),
        ("9000000000000000000 * 9000000000000000000 > 1", "too large"),
        ("1e308 * 10 > 1", "too large"),
        ("results.check.data.percent | int > 1", "No number can be made of “80%”"),
        ("inputs.list | int > 1", "No number can be made of a list"),
        ("results.check.data.gone | int > 1", "There is no gone"),
        ("'9' * 3 | int > 1", "A text is no number"),
        ("'inf' | float > 1", "No number can be made of “inf”"),
        ("inputs.n | round(99) > 1", "rounded to 0 to 15 digits"),
        ("inputs.n | round('x') > 1", "rounded to 0 to 15 digits"),
        ("inputs.server | join == 'x'", "Only a list"),
        ("[1.5] | join == 'x'", "Only a list"),
        ("inputs.server.upper() == 'X'", "Use only names"),
        ("inputs.server.upper == 'X'", "There is no upper"),
        ("inputs.server.__class__ == 1", "There is no __class__"),
        ("results.check.data.items.append == 1", "There is no append"),
        ("inputs.server[0:2] == 'we'", "Use only names"),
        ("2 ** 3 == 8", "Use only names"),
        ("{'a': 1} == 1", "Use only names"),
        ("range(10) == 1", "Use only names"),
        ("lipsum is defined", "There is no lipsum. Use inputs, results"),
        ("self is defined", "There is no self"),
        ("inputs.n | tojson == 1", "There is no filter tojson"),
        ("inputs.n | attr('x') == 1", "There is no filter attr"),
        ("inputs.n is divisibleby 3", "There is no test divisibleby"),
        ("inputs.n in inputs.none", "not of one kind"),
        ("(" * 900 + "1" + ")" * 900, "nested too deeply"),
        (" + ".join("1" * 400) + " > 1", "It is too long"),
        ("- " * 280 + "1 > 1", "nested too deeply"),
        ("inputs.n == 3" + " " * 2000, "at most 2000 characters"),
    ],
)
def test_what_is_no_condition_is_refused_in_a_sentence(condition: str, said: str) -> None:
    began = perf_counter()
    with pytest.raises(TemplateInvalid) as problem:
        evaluate(condition, KNOWN)
    assert said in str(problem.value)
    assert perf_counter() - began < 2


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("plain", "plain"),
        ("{{ inputs.n }}", 3),
        (" {{ inputs.n }}\n", 3),
        ("{{ inputs.gently }}", False),
        ("{{ inputs.list }}", [1, "b"]),
        ("{{ inputs.none }}", None),
        ("{{ results.check.data.share * 2 }}", 1.0),
        ("{{ results.check.data.text }}", "85"),
        ("{{ 'constant' }}", "constant"),
        ("{{ inputs.server }}:{{ inputs.n }}", "web-1:3"),
        ("{{ inputs.n }}{{ inputs.n }}", "33"),
        ("only if {{ inputs.gently }}", "only if false"),
        ("only if {{ not inputs.gently }}", "only if true"),
        ("{# nothing #}", ""),
        ({"a": ["{{ inputs.n }}", 1, {"b": "{{ inputs.server }}"}]}, {"a": [3, 1, {"b": "web-1"}]}),
        (None, None),
    ],
)
def test_a_template_alone_keeps_its_type_and_becomes_text_within_text(
    template: Any, value: Any
) -> None:
    found = filled(template, KNOWN)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ inputs.gone }}", "There is no gone"),
        ("{{ inputs.gone }}!", "There is no gone"),
        ("{{ inputs.list }}!", "A list can't stand within a text"),
        ("{{ inputs }}!", "An object can't stand within a text"),
        ("{{ inputs.none }}!", "Nothing can't stand within a text"),
        ("{{ inputs.n", "unexpected end of template"),
        ("{% for x in inputs %}{% endfor %}", "Use only names"),
        ("{% set x = 1 %}{{ x }}", "Use only names"),
        ("{% include '/etc/passwd' %}", "Use only names"),
        ("{{ - " + "- " * 280 + "1 }}", "nested too deeply"),
        ("{{ inputs.n }}" + "x" * 2000, "at most 2000 characters"),
        ([[[[[["{{ inputs.n }}"]]]]]], "nested too deeply"),
    ],
)
def test_what_is_no_template_is_refused_in_a_sentence(template: Any, said: str) -> None:
    with pytest.raises(TemplateInvalid) as problem:
        filled(template, KNOWN)
    assert said in str(problem.value)


def test_what_is_long_is_neither_looked_up_nor_put_together() -> None:
    known = {"inputs": {"long": "x" * 65_537, "half": "x" * 40_000, "list": ["x" * 40_000] * 2}}
    for template in (
        "{{ inputs.long }}",
        "{{ inputs.half ~ inputs.half }}",
        "{{ inputs.half }}{{ inputs.half }}",
        "{{ inputs.list | join }}",
    ):
        with pytest.raises(TemplateInvalid, match="longer than"):
            filled(template, known)


def test_a_number_too_large_to_work_with_is_still_compared() -> None:
    known = {"inputs": {"n": 2**70}}
    assert evaluate("inputs.n > 1", known)
    with pytest.raises(TemplateInvalid, match="too large"):
        evaluate("inputs.n + 1 > 1", known)
    # Nor is there one that can be written and not be held.
    with pytest.raises(TemplateInvalid, match="too large"):
        evaluate("1.5e3001 > 1", known)


def test_a_text_is_filled_in_as_text() -> None:
    assert text_of("{{ inputs.n }}", KNOWN) == "3"
    assert text_of("{{ results.check.data.usage }} % full", KNOWN) == "85 % full"
    assert text_of("as it is", KNOWN) == "as it is"


@pytest.mark.parametrize("hostile", ["{{ inputs.n }}", "{% set x = 1 %}", "${x}", "'; true or '"])
def test_what_a_result_says_is_never_read_as_a_template(hostile: str) -> None:
    known = {"inputs": {"x": hostile}, "results": {}}
    assert filled("{{ inputs.x }}", known) == hostile
    assert filled("<{{ inputs.x }}>", known) == f"<{hostile}>"
    assert evaluate("inputs.x == 'x'", known) is False


def test_all_that_an_expression_names_is_found() -> None:
    assert references_of_condition(
        "results.check.data[inputs.key].x > 1 and results['b'].success or inputs.n in [inputs.m]"
    ) == [
        Reference(root="results", name="check", part="data"),
        Reference(root="inputs", name="key"),
        Reference(root="results", name="b", part="success"),
        Reference(root="inputs", name="n"),
        Reference(root="inputs", name="m"),
    ]
    assert references_of_template("{{ inputs.a }} {{ (results.b) | default('x') }}") == [
        Reference(root="inputs", name="a"),
        Reference(root="results", name="b"),
    ]
    assert references_of_template("plain") == []


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("inputs == 1", "Name one of the inputs, such as inputs.server"),
        ("results | length > 1", "Name one of the results, such as results.check"),
        ("results[inputs.x].success", "Name one of the results"),
        ("results[0].success", "Name one of the results"),
        ("'x' in inputs", "Name one of the inputs"),
    ],
)
def test_an_expression_has_to_say_which_input_or_node_it_means(condition: str, said: str) -> None:
    with pytest.raises(TemplateInvalid, match=said):
        references_of_condition(condition)


PARTS = st.sampled_from(
    [
        "inputs",
        "results",
        ".n",
        ".server",
        "[0]",
        "['n']",
        "(",
        ")",
        "+",
        "-",
        "*",
        "//",
        "%",
        " and ",
        " not ",
        " in ",
        " if ",
        " else ",
        "'a'",
        "1",
        "99999999999999999999",
        "1.5e300",
        "|int",
        "|join",
        "|length",
        "|round",
        "|default(1)",
        " is defined",
        "==",
        "<",
        "~",
        ",",
        "[",
        "]",
        "{{",
        "}}",
        "**",
    ]
)


@settings(max_examples=300, deadline=None)
@given(parts=st.lists(PARTS, max_size=12))
def test_whatever_is_written_it_holds_or_not_or_says_why(parts: list[str]) -> None:
    try:
        assert evaluate("".join(parts), KNOWN) in (True, False)
    except TemplateInvalid:
        with pytest.raises(TemplateInvalid, match=r"\.$|\.\n|”\."):
            evaluate("".join(parts), KNOWN)


def test_an_expression_gives_any_value_where_it_is_tried_out() -> None:
    known = {"inputs": {"most": 80}, "results": {"check": {"data": {"usage": 91}}}}
    assert value_of("results.check.data.usage - inputs.most", known) == 11
    assert value_of("results.check.data", known) == {"usage": 91}


def test_what_is_missing_in_a_list_is_told_as_it_is_elsewhere() -> None:
    known = {"inputs": {}, "results": {"check": {"data": {}}}}
    with pytest.raises(TemplateInvalid, match="There is no usage"):
        value_of("[1, (2, results.check.data.usage)]", known)
    with pytest.raises(TemplateInvalid, match="There is no usage"):
        filled("{{ [results.check.data.usage] }}", known)
