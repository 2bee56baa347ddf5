from collections.abc import Callable

import pytest
from django.test import Client

from opsmanager.audit.models import AuditEvent
from tests.automation.web.test_runbooks import HTMX, text_of

As = Callable[[str], Client]


@pytest.mark.parametrize(
    ("name", "status"),
    [("admin", 200), ("granted", 200), ("helpdesk", 200), ("hr", 403), ("anonymous", 302)],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_try_a_command(as_: As, name: str, status: int, method: str) -> None:
    answer = getattr(as_(name), method)("/guard/", {"command": "ls"})
    assert answer.status_code == status


def test_the_link_is_there_for_those_who_may(as_: As) -> None:
    assert 'href="/guard/"' in text_of(as_("helpdesk").get("/"))
    assert 'href="/guard/"' not in text_of(as_("hr").get("/"))


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_refusal_says_why_and_marks_the_part(as_: As, headers: dict[str, str]) -> None:
    answer = as_("helpdesk").post(
        "/guard/", {"command": "ls /tmp &&\r\nsudo rm -rf /etc"}, headers=headers
    )
    page = text_of(answer)
    assert ("<html" in page) is (not headers)
    assert "It is refused" in page
    assert "DELETE_RECURSIVE" in page
    assert "DENY" in page
    assert "It removes a folder that the server" in page
    assert "ls /tmp &amp;&amp;\nsudo <mark>rm -rf /etc</mark>" in page


def test_a_part_that_is_spelled_otherwise_is_shown_as_it_would_run(as_: As) -> None:
    page = text_of(as_("helpdesk").post("/guard/", {"command": "r''m -rf $'/etc'"}))
    assert "As the shell would run it" in page
    assert "<mark>rm -rf /etc</mark>" in page


def test_a_harmless_command_passes(as_: As) -> None:
    page = text_of(as_("helpdesk").post("/guard/", {"command": "rm -rf /tmp/x"}, headers=HTMX))
    assert "It may be sent" in page
    assert "<mark>" not in page


def test_a_reading_command_is_weighed_as_reading(as_: As) -> None:
    sent = {"command": "rm /tmp/x", "reading": "on"}
    page = text_of(as_("helpdesk").post("/guard/", sent))
    assert "READ_CHANGES_FILES" in page
    assert "READING" in page


def test_a_command_is_shown_as_text(as_: As) -> None:
    page = text_of(
        as_("helpdesk").post("/guard/", {"command": "<script>alert(1)</script>; reboot"})
    )
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(("headers", "is_page"), [({}, True), (HTMX, False)])
def test_nothing_to_weigh_is_an_error_of_the_form(
    as_: As, headers: dict[str, str], is_page: bool
) -> None:
    answer = as_("helpdesk").post("/guard/", {"command": ""}, headers=headers)
    page = text_of(answer, 422)
    assert "field-error" in page
    assert ("<html" in page) is is_page


@pytest.mark.parametrize("size", [20_000, 90_000])
def test_a_text_that_is_too_long_is_refused(as_: As, size: int) -> None:
    page = text_of(as_("helpdesk").post("/guard/", {"command": "ls " + "x" * size}))
    assert "It is longer than 16 KB" in page


def test_a_tried_command_is_kept_nowhere(as_: As) -> None:
    client = as_("helpdesk")
    before = AuditEvent.objects.count()
    client.post("/guard/", {"command": "rm -rf /etc/very-secret"})
    assert AuditEvent.objects.count() == before


def test_an_example_is_weighed_with_one_click(as_: As) -> None:
    client = as_("helpdesk")
    page = text_of(client.get("/guard/"))
    assert 'href="?example=1"' in page
    assert "Decision" not in page
    page = text_of(client.get("/guard/?example=1"))
    assert "It is refused" in page
    assert "sudo <mark>rm -rf /etc</mark>" in page
    assert "It would destroy a machine" in page
    for nonsense in ("99", "x", "-1", "²"):
        assert "Decision" not in text_of(client.get("/guard/", {"example": nonsense}))


def test_several_commands_are_weighed_line_by_line(as_: As) -> None:
    sent = {"command": "uptime\r\n\r\nmkfs.ext4 /dev/sda1\r\n", "by_line": "on"}
    page = text_of(as_("helpdesk").post("/guard/", sent, headers=HTMX))
    assert page.count("It may be sent") == 1
    assert page.count("It is refused") == 1
    assert page.index("It may be sent") < page.index("It is refused")


def test_of_many_lines_it_says_what_was_not_weighed(as_: As) -> None:
    sent = {"command": "true\n" * 53, "by_line": "on"}
    page = text_of(as_("helpdesk").post("/guard/", sent))
    assert page.count("It may be sent") == 50
    assert "3 more lines were not weighed" in page
