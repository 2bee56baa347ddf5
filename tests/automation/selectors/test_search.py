"""What a search in the history finds."""

import pytest

from automation.models import Execution
from automation.selectors import executions as selectors
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def finds(text: str) -> bool:
    return selectors.search(Execution.objects.all(), text).exists()


@pytest.mark.parametrize(
    "text",
    [
        "disk",
        "DISK",
        " full  disk ",
        "di",
        "d",
        "/var/log/nginx",
        "var/lo",
        "log",
        "nginx.serv",
        "10.0.3.7",
        "ECONNREFUSED",
        "äußerst",
        "Äuß",
        "prod-web-1",
        "rod-web",
        "SAMPLE_MEND",
        "prod disk 7",
    ],
)
def test_a_search_finds_beginnings_of_words_and_parts_of_names(text: str) -> None:
    makers.execution(
        server=makers.server(name="prod-web-12"),
        reason="Disk full",
        result_summary="Removed /var/log/nginx/error.log; nginx.service is ÄUẞERST well".lower(),
        error_message="connect to 10.0.3.7: ECONNREFUSED",
    )
    assert finds(text)


@pytest.mark.parametrize(
    "text",
    [
        "isk",
        "disk empty",
        "diskfull",
        "nginx.old",
        "services.nginx",
        "nginx.full",
        "%",
        "...",
        "' | x:*",
        "web_1",
        "!disk",
    ],
)
def test_a_search_does_not_find_what_is_not_there(text: str) -> None:
    makers.execution(server=makers.server(name="web-12"), reason="Full of nginx and services")
    assert not finds(text)


def test_without_a_text_all_are_found() -> None:
    makers.execution()
    assert finds(" ")


def test_an_id_finds_its_execution() -> None:
    one, _other = makers.execution(), makers.execution()
    found = selectors.search(Execution.objects.all(), f" {one.pk} ")
    assert [row.pk for row in found] == [one.pk]


def test_the_id_of_a_runbook_finds_nothing_but_its_executions() -> None:
    one = makers.execution("SAMPLE_MENDING")
    makers.execution("SAMPLE_LOOKING", reason="after SAMPLE_MENDING")
    found = selectors.search(Execution.objects.all(), "sample_mending")
    assert [row.pk for row in found] == [one.pk]
    assert selectors.search(Execution.objects.all(), "sample_mend").count() == 2


def test_what_is_found_follows_the_texts() -> None:
    execution = makers.execution(reason="before")
    Execution.objects.filter(pk=execution.pk).update(reason="afterwards")
    assert finds("afterwards")
    assert not finds("before")


def test_texts_of_any_length_and_content_are_kept() -> None:
    makers.execution(
        result_summary="first " + "x" * 3000 + " word" * 300_000,
        error_message="a\tb\u2028c \U0001f525 " + "\u0301" * 100,
    )
    assert finds("first")


def test_of_many_terms_the_first_ones_count() -> None:
    makers.execution(reason="one two three four five six seven eight")
    assert finds("one two three four five six seven eight nine")
    assert not finds("nine one")
