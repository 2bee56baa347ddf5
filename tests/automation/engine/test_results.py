from automation.engine.results import Status


def test_all_but_pending_and_running_are_final() -> None:
    assert {status for status in Status if not status.is_final} == {Status.PENDING, Status.RUNNING}
