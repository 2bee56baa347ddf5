from fnmatch import fnmatchcase
from time import perf_counter
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.matching import conditions, fits
from incidents.models import Incident, RemediationRule

LETTERS = st.text(alphabet="ab*", max_size=12)


@given(pattern=LETTERS, text=st.text(alphabet="ab", max_size=12))
def test_a_star_stands_for_any_text_and_the_rest_for_itself(pattern: str, text: str) -> None:
    assert fits(pattern, text) is fnmatchcase(text, pattern)


@given(pieces=st.lists(st.text(max_size=8), min_size=1), between=st.text(max_size=8))
def test_what_was_made_of_a_pattern_fits_it(pieces: list[str], between: str) -> None:
    assert fits("*".join(pieces), between.join(pieces))


@given(text=st.text(alphabet=st.characters(blacklist_characters="*")))
def test_no_other_sign_has_a_meaning(text: str) -> None:
    assert fits(text, text)
    assert not fits(text, text + "x")


def test_a_hostile_pattern_takes_no_longer_than_a_plain_one() -> None:
    began = perf_counter()
    assert not fits("*a" * 150 + "b", "a" * 10_000)
    assert perf_counter() - began < 1


def rule(**fields: Any) -> RemediationRule:
    return RemediationRule(name="rule", **fields)


def incident(**fields: Any) -> Incident:
    labels = {"service": "nginx.service", "job": "web"}
    values = {"title": "Nginx is down", "severity": "HIGH", "source": "prometheus"}
    return Incident(**{**values, "labels": labels, **fields})


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {}),
        ({"sources": ["grafana", "prometheus"]}, {"source": True}),
        ({"sources": ["grafana"]}, {"source": False}),
        ({"severities": ["HIGH", "CRITICAL"]}, {"severity": True}),
        ({"severities": ["LOW"]}, {"severity": False}),
        ({"labels": {"service": "nginx*"}}, {"label service": True}),
        ({"labels": {"service": "nginx"}}, {"label service": False}),
        ({"labels": {"service": "NGINX*"}}, {"label service": False}),
        ({"labels": {"gone": "*"}}, {"label gone": False}),
        ({"title": "nginx*"}, {"title": True}),
        ({"title": "*is up"}, {"title": False}),
        ({"labels": {"job": "web"}, "title": "x"}, {"label job": True, "title": False}),
    ],
)
def test_each_condition_says_whether_it_holds(
    asked: dict[str, Any], expected: dict[str, bool]
) -> None:
    found = conditions(rule(**asked), incident(), ())
    assert {condition.name: condition.holds for condition in found} == expected
    assert all(condition.message for condition in found)


def test_the_server_must_be_of_the_group() -> None:
    group = uuid4()
    of_group = SimpleNamespace(
        sources=[], severities=[], labels={}, title="", server_group_id=group, server_group="shop"
    )
    for groups, holds in (({group}, True), ({uuid4()}, False), (set(), False)):
        (condition,) = conditions(of_group, incident(), groups)  # type: ignore[arg-type]
        assert condition.holds is holds


def test_a_label_that_is_there_and_a_value_of_another_kind_are_read_as_text() -> None:
    (condition,) = conditions(rule(labels={"port": "80*"}), incident(labels={"port": 8080}), ())
    assert condition.holds
