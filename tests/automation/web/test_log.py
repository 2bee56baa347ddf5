"""The pieces of a log that the monitor asks for, and the log as text."""

from collections.abc import Callable
from typing import Any

from django.http import StreamingHttpResponse
from django.test import Client

from automation.engine.results import ActionStatus, Status
from automation.models import Execution
from tests.automation import makers
from tests.automation.web.test_runbooks import HTMX, text_of

As = Callable[[str], Client]


def ended(**fields: Any) -> Execution:
    return makers.execution(
        status=Status.SUCCESS,
        started_at="2026-01-01T00:00:00Z",
        finished_at="2026-01-01T00:00:04Z",
        **fields,
    )


def download(client: Client, execution: Execution) -> tuple[Any, str]:
    answer = client.get(f"/executions/{execution.pk}/log.txt")
    assert isinstance(answer, StreamingHttpResponse)
    return answer, b"".join(answer.streaming_content).decode()  # type: ignore[arg-type]


def test_a_long_log_has_a_gap_that_gives_way_piece_by_piece(as_: As) -> None:
    execution = ended()
    for seq in range(1, 252):
        makers.log_row(execution, seq, step_number=1 + seq // 100)
    client = as_("helpdesk")
    page = text_of(client.get(f"/executions/{execution.pk}/"))
    assert page.count('class="log-row ') == 200
    assert "<strong>51 commands</strong>" in page
    rows = f"/executions/{execution.pk}/log/rows/"
    part = text_of(client.get(rows, {"from": 51, "to": 101}, headers=HTMX))
    assert part.count('class="log-row ') == 51
    assert "log-gap" not in part
    assert 'id="step-2"' in part


def test_numbers_that_mean_nothing_ask_for_all(as_: As) -> None:
    execution = ended()
    makers.log_row(execution, 1)
    asked = {"from": "x", "to": "9" * 30, "step": "٣"}
    rows = f"/executions/{execution.pk}/log/rows/"
    assert 'id="log-1"' in text_of(as_("helpdesk").get(rows, asked, headers=HTMX))


def test_the_whole_of_a_long_output_comes_in_blocks(as_: As) -> None:
    execution = ended()
    text = "".join(f"<b>{n}</b>\x1b[31m red\n" for n in range(1, 1201))
    makers.log_row(execution, 1, stdout=text)
    client = as_("helpdesk")
    page = text_of(client.get(f"/executions/{execution.pk}/"))
    assert "1,000 more lines" in page
    whole = text_of(client.get(f"/executions/{execution.pk}/log/1/stdout/", headers=HTMX))
    assert whole.count('class="log-block"') == 3
    assert "&lt;b&gt;1200&lt;/b&gt; red" in whole
    assert client.get(f"/executions/{execution.pk}/log/1/command/").status_code == 404
    plain = client.get(f"/executions/{execution.pk}/log/1/stdout.txt")
    assert plain.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert plain.content.decode().splitlines()[-1] == "<b>1200</b> red"


def test_the_log_as_text_says_what_was_done_and_what_came_of_it(as_: As) -> None:
    execution = ended(reason="It was\rdown.", result_summary="The file was made.")
    for seq in range(1, 13):
        makers.log_row(execution, seq, stdout=f"said {seq}", changes=seq == 12)
    makers.log_row(
        execution,
        13,
        step_number=3,
        step_name="After",
        command="rm \x1b]0;x\x07y",
        stdout="\x1b[31mred\x1b[0m 10 %\r20 %\n",
        stderr="oh",
        exit_code=1,
        status=ActionStatus.FAILED,
        error_message="It broke.",
    )
    answer, text = download(as_("helpdesk"), execution)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    name = f"sample_mending-{execution.server.name}-{str(execution.pk)[:8]}-log.txt".lower()
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    lines = text.splitlines()
    assert lines[0].startswith(f"Mend a file on {execution.server.name}, started by somebody")
    assert "Reason: It was␍down." in lines
    assert "Result: The file was made." in lines
    assert lines.count("== Step 1 · First ==") == 1
    assert "== Look after · After ==" in lines
    assert lines[lines.index("said 12") - 1].endswith("$ echo 12")
    assert lines[lines.index("said 12") + 1] == "(SUCCESS, changes, exit 0, 1.5 s)"
    end = lines[lines.index("== Look after · After ==") + 2 :]
    assert end[0].endswith("$ rm ␛]0;x␇y")
    assert end[1:] == ["20 %10 %", "stderr:", "oh", "It broke.", "(FAILED, exit 1, 1.5 s)"]


def test_the_text_of_one_that_runs_says_that_it_is_not_the_end(as_: As) -> None:
    execution = makers.execution(status=Status.RUNNING)
    _, text = download(as_("helpdesk"), execution)
    assert "It has not ended yet: this is the log so far." in text


def test_elapsed_against_usual_says_by_how_much_it_takes_longer(as_: As) -> None:
    usual = {"started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:10Z"}
    makers.execution(status=Status.SUCCESS, **usual)
    slow = makers.execution(
        status=Status.FAILED,
        started_at="2026-01-01T00:00:00Z",
        finished_at="2026-01-01T00:03:10Z",
    )
    client = as_("helpdesk")
    page = " ".join(text_of(client.get(f"/executions/{slow.pk}/")).split())
    assert "3 min 00 s longer than usual," in page
    assert "usually 10 s" in page
    running = makers.execution(status=Status.RUNNING, started_at="2026-01-01T00:00:00Z")
    page = " ".join(text_of(client.get(f"/executions/{running.pk}/")).split())
    assert 'data-usual="10000"' in page
    assert "longer than usual," in page
