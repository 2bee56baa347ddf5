import time
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from automation.models import Execution
from automation.runner.claim import Claim
from automation.runner.lease import Lease, LeaseKeeper
from tests.automation.runner.committed import outage
from tests.automation.runner.conftest import claimed, reloaded, wait_until

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def keeper() -> object:
    keeper = LeaseKeeper()
    keeper.start()
    yield keeper
    keeper.close()
    keeper.join(60)
    assert not keeper.is_alive()


def expire(claim: Claim) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE automation_execution SET lease_until = clock_timestamp() - interval '1 s'"
            " WHERE id = %s",
            [claim.execution_id],
        )


def test_a_fresh_lease_lets_the_execution_go_on() -> None:
    lease = Lease(claimed(), timeout=60)
    assert lease.reason() is None
    assert lease.wait(0.01) is None
    left = lease.remaining()
    assert left is not None
    assert timedelta(seconds=1) < left <= timedelta(seconds=60)


def test_the_time_of_an_execution_runs_out() -> None:
    lease = Lease(claimed(), timeout=0.05)
    assert lease.wait(60) == "TIMEOUT"
    assert lease.reason() == "TIMEOUT"
    assert lease.remaining() == timedelta(0)


def test_the_first_reason_to_stop_stays() -> None:
    lease = Lease(claimed(), timeout=60)
    lease.stop("CANCELLED")
    lease.stop("TIMEOUT")
    assert lease.reason() == "CANCELLED"
    assert lease.wait(60) == "CANCELLED"


def test_a_lost_lease_outweighs_a_cancel() -> None:
    lease = Lease(claimed(), timeout=60)
    lease.stop("CANCELLED")
    lease.stop("LEASE_LOST")
    assert lease.reason() == "LEASE_LOST"


def test_a_lease_that_was_not_renewed_is_lost_though_nobody_can_be_asked(
    settings: Settings,
) -> None:
    settings.AUTOMATION_LEASE_SECONDS = 16
    settings.AUTOMATION_LEASE_MARGIN_SECONDS = 15
    lease = Lease(claimed(), timeout=60)
    assert lease.wait(60) == "LEASE_LOST"


def test_the_keeper_renews_leases_in_the_database(keeper: LeaseKeeper) -> None:
    claim = claimed()
    lease = Lease(claim, timeout=60)
    expire(claim)
    before = reloaded(claim).lease_until

    keeper.hold(lease)

    assert keeper.held() == 1
    wait_until(lambda: reloaded(claim).lease_until > before)
    assert lease.reason() is None
    keeper.release(lease)
    assert keeper.held() == 0


def test_the_keeper_brings_word_of_a_cancel(keeper: LeaseKeeper) -> None:
    claim, other = claimed(), claimed()
    lease, unconcerned = Lease(claim, timeout=60), Lease(other, timeout=60)
    keeper.hold(lease)
    keeper.hold(unconcerned)
    Execution.objects.filter(pk=claim.execution_id).update(
        cancel_requested_at="2026-01-01T00:00:00Z"
    )
    assert lease.wait(60) == "CANCELLED"
    assert unconcerned.reason() is None


def test_the_keeper_stops_an_execution_that_another_worker_has(keeper: LeaseKeeper) -> None:
    claim = claimed()
    Execution.objects.filter(pk=claim.execution_id).update(fence=claim.fence + 1)
    lease = Lease(claim, timeout=60)
    keeper.hold(lease)
    assert lease.wait(60) == "LEASE_LOST"


def test_an_execution_that_has_just_ended_here_was_not_lost() -> None:
    claim = claimed()
    lease = Lease(claim, timeout=60)
    Execution.objects.filter(pk=claim.execution_id).update(status="SUCCESS")
    LeaseKeeper().renew([lease])
    assert lease.reason() is None


def test_the_keeper_outlives_an_outage(keeper: LeaseKeeper) -> None:
    claim = claimed()
    lease = Lease(claim, timeout=60)
    with outage():
        keeper.hold(lease)
        time.sleep(1.5)
        assert lease.reason() is None
    expire(claim)
    before = reloaded(claim).lease_until
    wait_until(lambda: reloaded(claim).lease_until > before)
    assert keeper.is_alive()


def test_the_keeper_outlives_a_fault_of_its_own(
    keeper: LeaseKeeper, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    claim = claimed()
    lease = Lease(claim, timeout=60)
    beat = settings.AUTOMATION_HEARTBEAT_SECONDS
    del settings.AUTOMATION_HEARTBEAT_SECONDS
    keeper.hold(lease)
    wait_until(lambda: "leases not renewed" in caplog.text)
    settings.AUTOMATION_HEARTBEAT_SECONDS = beat
    Execution.objects.update(cancel_requested_at="2026-01-01T00:00:00Z")
    assert lease.wait(60) == "CANCELLED"
