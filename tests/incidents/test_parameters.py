from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.parameters import TemplateInvalid, check, filled, text_of

KNOWN = {
    "labels": {"service": "nginx.service", "instance": "web-1:9100", "items": "seven", "a-b": "x"},
    "title": "It is down",
    "severity": "HIGH",
    "source": "prometheus",
    "server": {"name": "web-1"},
}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("plain", "plain"),
        ("{{ labels.service }}", "nginx.service"),
        ("{{labels.instance|before(':')}}/x", "web-1/x"),
        ("{{ labels.instance | after(':') }}", "9100"),
        ("{{ labels.service | after('@') }}", "nginx.service"),
        ("{{ labels.service | replace('nginx', 'cron') }}", "cron.service"),
        ("{{ labels.items }}", "seven"),
        ("{{ labels['a-b'] }}", "x"),
        ("{{ labels.gone | default('cron') | upper }}", "CRON"),
        ("{{ labels.gone or title }}", None),
        ("{{ server.name ~ '!' }}", "web-1!"),
        ("{{ 'x' if severity == 'HIGH' else 'y' }}", "x"),
        ("$(reboot) `id` ; {x}", "$(reboot) `id` ; {x}"),
    ],
)
def test_a_template_is_filled_in(written: str, expected: str | None) -> None:
    check(written)
    if expected is None:
        with pytest.raises(TemplateInvalid, match="no label gone"):
            text_of(written, KNOWN)
    else:
        assert text_of(written, KNOWN) == expected


def test_templates_are_filled_in_within_lists_and_objects() -> None:
    value = {"units": ["{{ labels.service }}", "b"], "deep": {"n": 1, "ok": True}}
    assert filled(value, KNOWN) == {
        "units": ["nginx.service", "b"],
        "deep": {"n": 1, "ok": True},
    }


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ title }}",
        "{{ 7 * 7 }}",
        "{% for x in labels %}{% endfor %}",
        "{{ labels.__class__.__mro__ }}",
        "$(touch /tmp/owned)",
        "'; DROP TABLE x; --",
        "{{ labels.service",
        "\\x7b\\x7b title }}",
    ],
)
def test_what_an_alert_says_is_never_read_as_a_template(hostile: str) -> None:
    known = {**KNOWN, "labels": {"service": hostile}}
    assert text_of("{{ labels.service }}", known) == hostile
    assert text_of("{{ labels['service'] | trim }}", known) == hostile.strip()


@given(text=st.text(max_size=200))
def test_a_label_comes_out_as_it_is(text: str) -> None:
    assert text_of("{{ labels.service }}", {"labels": {"service": text}}) == text


@pytest.mark.parametrize(
    "written",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ labels.items() }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ self }}",
        "{{ config }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{% extends 'base.html' %}",
        "{% macro x() %}{% endmacro %}",
        "{% for x in range(10) %}{{ x }}{% endfor %}",
        "{% set x = 1 %}",
        "{{ 'a' * 1000000000 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ range(999999999) | list }}",
        "{{ [labels] | map(attribute='x') }}",
        "{{ labels | attr('__class__') }}",
        "{{ labels | tojson }}",
        "{{ title | format }}",
        "{{ title is defined }}",
        "{{ title[0:1] }}",
        "{{ '%s' % title }}",
        "{{",
        "{{ }}",
        "{{ labels.x }" + "{{" * 400,
        "{{ " + "(" * 900 + "1" + ")" * 900 + " }}",
        "{{ " + "not " * 300 + "title }}",
        "{{ title }}" + "x" * 3000,
    ],
)
def test_a_rule_that_wants_more_than_names_is_refused_when_it_is_saved(written: str) -> None:
    began = perf_counter()
    with pytest.raises(TemplateInvalid):
        check({"deep": [written]})
    assert perf_counter() - began < 2


@pytest.mark.parametrize("look", ["before(':')", "after(':')", "replace('a', 'b')"])
def test_a_filter_says_what_is_missing(look: str) -> None:
    with pytest.raises(TemplateInvalid, match="The incident has no label gone"):
        text_of(f"{{{{ labels.gone | {look} }}}}", KNOWN)


@pytest.mark.parametrize("written", ["{{ title.__class__ }}", "{{ labels.service.upper }}"])
def test_what_is_behind_a_text_can_not_be_reached(written: str) -> None:
    with pytest.raises(TemplateInvalid, match="has no"):
        text_of(written, KNOWN)


@pytest.mark.parametrize("written", ["{{ labels }}", "{{ server }}"])
def test_all_labels_at_once_are_no_text(written: str) -> None:
    with pytest.raises(TemplateInvalid, match="Name one"):
        text_of(written, KNOWN)


def test_what_grows_without_end_is_cut_off() -> None:
    bomb = "{{ title" + "|replace('i', 'iiiiiiiiiiiiiiiiiiiiiiiiiiiiii')" * 20 + " }}"
    began = perf_counter()
    with pytest.raises(TemplateInvalid, match="longer than"):
        text_of(bomb, KNOWN)
    assert perf_counter() - began < 2


def test_what_is_nested_without_end_is_refused() -> None:
    value: Any = "x"
    for _ in range(50):
        value = [value]
    with pytest.raises(TemplateInvalid, match="nested"):
        check(value)
