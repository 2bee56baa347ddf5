import socket
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from opsmanager.common import pulse
from opsmanager.common.models import Pulse

pytestmark = pytest.mark.django_db


def test_a_worker_of_this_machine_counts() -> None:
    pulse.note("worker", f"{socket.gethostname()}:7")
    call_command("check_alive", "worker")


def test_one_of_another_machine_does_not() -> None:
    pulse.note("worker", "elsewhere:7")
    with pytest.raises(CommandError, match="No worker has been seen lately here"):
        call_command("check_alive", "worker")


def test_one_that_fell_silent_does_not() -> None:
    pulse.note("worker", f"{socket.gethostname()}:7")
    Pulse.objects.update(seen_at=F("seen_at") - timedelta(minutes=2))
    with pytest.raises(CommandError):
        call_command("check_alive", "worker")


def test_beat_counts_wherever_it_runs() -> None:
    with pytest.raises(CommandError, match="No beat"):
        call_command("check_alive", "beat")
    pulse.note("beat", "beat")
    call_command("check_alive", "beat")
