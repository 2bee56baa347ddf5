"""The server that an alert is about is found by name, and never guessed."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.selectors.placing import LABELS, find
from servers.models import Server
from tests.support import servers

pytestmark = pytest.mark.django_db


def found(**labels: Any) -> str:
    placed = find(labels)
    return placed.server.name if placed.server else placed.found_by


@pytest.mark.parametrize(
    "said",
    [
        "web-1",
        "WEB-1",
        " web-1. ",
        "web-1:9100",
        "web-1.shop.example",
        "web-1.shop.example:9100",
        "https://web-1.shop.example/metrics?x=1",
        "http://ops@web-1:8080/",
        "front",
        "front:9100",
        "198.51.100.7:9100",
        "2001:db8::7",
        "[2001:DB8:0::7]:9100",
    ],
)
def test_a_server_is_found_by_each_of_its_names(said: str) -> None:
    servers.server("other", hostname="web-10.shop.example", aliases=["web"])
    servers.server(
        "web-1",
        hostname="web-1.shop.example",
        aliases=["front", "198.51.100.7", "2001:db8::7"],
    )
    assert found(instance=said) == "web-1"


@pytest.mark.parametrize("hostname", ["10.0.0.1", "db"])
def test_a_domain_is_left_off_where_the_server_names_none(hostname: str) -> None:
    servers.server("db", hostname=hostname)
    assert found(host="db.shop.example:9187") == "db"


def test_a_bare_name_finds_the_only_server_of_that_name_in_a_domain() -> None:
    servers.server("first", hostname="db.shop.example")
    assert found(host="db") == "first"
    servers.server("second", hostname="db.other.example")
    assert found(host="db") == "The label host says db, which fits 2 servers: first, second."


def test_another_domain_is_another_machine() -> None:
    servers.server("web-1", hostname="web-1.staging.example")
    assert "No server has one of these names" in found(host="web-1.prod.example")


def test_the_whole_name_goes_before_one_without_its_domain() -> None:
    servers.server("web-1", hostname="10.0.0.1")
    servers.server("edge", hostname="web-1.shop.example")
    assert found(host="web-1.shop.example") == "edge"


def test_the_first_label_that_fits_decides() -> None:
    for name in ("web-1", "db-1"):
        servers.server(name)
    assert found(host="db-1", server="web-1") == "web-1"
    assert found(Server="unknown", instance="db-1:9100") == "db-1"
    placed = find({"instance": "db-1:9100", "job": "web-1"})
    assert placed.found_by == "The label instance says db-1:9100."


def test_of_two_that_fit_none_is_taken_even_if_a_later_label_would_choose() -> None:
    for name in ("blue", "green"):
        servers.server(name, hostname="10.0.0.1")
    assert found(instance="10.0.0.1:9100", host="green") == (
        "The label instance says 10.0.0.1:9100, which fits 2 servers: blue, green."
    )


def test_why_none_was_found_is_said() -> None:
    assert found(job="web", alertname="Down") == (
        "None of its labels says which server it is about."
    )
    assert found(host="web-9", instance="web-9:9100") == (
        "No server has one of these names: instance says web-9:9100, host says web-9."
    )
    assert len(found(**{label: "x" * 250 for label in LABELS if label.isalpha()})) <= 300


@pytest.mark.parametrize("said", ["localhost:9090", "127.0.0.1:9100", "[::1]:9100", "0.0.0.0"])
def test_the_senders_own_machine_is_nobodys_name(said: str) -> None:
    servers.server("demo", hostname="127.0.0.1")
    servers.server("demo6", hostname="::1")
    assert found(instance=said).startswith("None of its labels")


@pytest.mark.parametrize("said", ["", " ", "a\x00b", "x" * 300, 7, None, ["web-1"], "%", "_eb-1"])
def test_what_is_no_name_finds_nothing(said: Any) -> None:
    servers.server("web-1")
    assert find({"host": said}).server is None


def test_it_takes_two_queries_at_most(django_assert_max_num_queries: Any) -> None:
    servers.server("web-1")
    with django_assert_max_num_queries(2):
        find({label: f"{label}-x.example:1" for label in LABELS})
    with django_assert_max_num_queries(2):
        find(dict.fromkeys(LABELS, "web"))


_NAMES = st.sampled_from(["web", "db", "mail", "a"])
_DOMAINS = st.sampled_from(["", ".x.example", ".y.example"])
_CALLED = st.builds(str.__add__, _NAMES, _DOMAINS)
_TEXTS = st.one_of(
    _CALLED,
    st.builds(lambda name: f"{name}:9100", _CALLED),
    st.builds(lambda name: f"https://{name}/x", _CALLED),
    st.text(max_size=20),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    named=st.lists(_CALLED, min_size=1, max_size=4, unique=True),
    hosts=st.lists(_CALLED, min_size=4, max_size=4),
    labels=st.dictionaries(st.sampled_from(LABELS), _TEXTS, max_size=3),
)
def test_what_is_found_bears_a_name_that_a_label_says_and_no_other_bears_it(
    named: list[str], hosts: list[str], labels: dict[str, str]
) -> None:
    Server.objects.all().delete()
    for name, host in zip(named, hosts, strict=False):
        servers.server(name, hostname=host)
    placed = find(labels)
    assert 0 < len(placed.found_by) <= 300
    if placed.server is None:
        return
    label = next(label for label in LABELS if f"label {label} " in placed.found_by)
    said = labels[label].lower()
    own = {placed.server.name, placed.server.hostname}
    first = {name.partition(".")[0] for name in own}
    assert any(name in said for name in own | first), "nothing that the label says"
    rivals = [
        row.name
        for row in Server.objects.exclude(pk=placed.server.pk)
        if {row.name, row.hostname} & own & {said}
    ]
    assert not rivals, "another one bears the same name"
