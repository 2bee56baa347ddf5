"""The command line beside a worker that runs what it launches."""

import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from automation.engine.results import Status
from automation.models import Execution
from automation.runner.process import WorkerProcess
from servers.models import Server
from tests.automation import makers
from tests.automation.runner.conftest import in_thread


@pytest.fixture
def working(worker: WorkerProcess) -> Iterator[None]:
    """Runs each execution that waits."""
    is_over = threading.Event()

    def work() -> None:
        while not is_over.wait(0.05):
            for execution in Execution.objects.filter(status=Status.PENDING):
                worker.run(execution.pk)

    thread = in_thread(work)
    yield
    is_over.set()
    thread.join(60)


@pytest.mark.usefixtures("working")
def test_a_run_is_followed_to_its_end(server: Server, tmp_path: Path) -> None:
    makers.admin(username="admin")
    path = tmp_path / "wanted"
    out = io.StringIO()
    call_command("runbook", "run", "SAMPLE_MENDING", server.name, f"path={path}", stdout=out)
    shown = out.getvalue()
    assert path.exists()
    assert f"$ touch {path}" in shown
    assert "succeeded and fixed it." in shown
    assert shown.endswith(f"{path} was made.\n")
