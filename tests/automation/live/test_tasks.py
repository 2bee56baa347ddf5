from automation import tasks
from automation.engine.results import Status
from automation.runner.process import this_process
from opsmanager.common import pulse
from servers.models import Server
from tests.automation import makers
from tests.automation.runner.conftest import wait_until


def test_a_worker_keeps_one_process_from_its_start_to_its_end(server: Server) -> None:
    execution = makers.execution("SAMPLE_LOOKING", server=server)
    this_process.cache_clear()
    try:
        tasks.start()
        wait_until(lambda: [p.name for p in pulse.seen()] == [this_process().name])
        tasks.run_execution(str(execution.pk))
        tasks.run_execution(str(execution.pk))
        tasks.stop()
    finally:
        this_process.cache_clear()
    execution.refresh_from_db()
    assert (execution.status, execution.attempt) == (Status.SUCCESS, 1)
    assert not pulse.seen().exists()
