"""Prometheus Alertmanager as Debian has it: a real process that sends real webhooks."""

import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from opsmanager.embedded import port as ports

PROGRAM = "prometheus-alertmanager"
_PATIENCE = 60.0


class Alertmanager:
    """A running one: alerts are told to it as Prometheus would."""

    def __init__(self, address: str) -> None:
        self._address = address

    def fire(self, **labels: str) -> None:
        """Tell that an alert fires; like Prometheus, say so again and again while it does."""
        self._tell(labels, ends=datetime.now(UTC) + timedelta(minutes=5))

    def resolve(self, **labels: str) -> None:
        """Tell that it does not fire any more."""
        self._tell(labels, ends=datetime.now(UTC))

    def _tell(self, labels: dict[str, str], *, ends: datetime) -> None:
        summary = f"{labels['alertname']} on {labels.get('instance', 'an unknown machine')}"
        alert = {
            "labels": labels,
            "annotations": {"summary": summary},
            "endsAt": ends.isoformat(),
        }
        request = urllib.request.Request(
            f"{self._address}/api/v2/alerts",
            data=json.dumps([alert]).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE):
            pass


@contextmanager
def running(folder: Path, configuration: str) -> Iterator[Alertmanager]:
    """Start one with this configuration (YAML); nothing of it is left at the end."""
    program = _program()
    file = folder / "alertmanager.yml"
    file.write_text(configuration)
    port = ports.free()
    with (folder / "alertmanager.log").open("w") as log:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={file}",
                f"--storage.path={folder / 'alertmanager'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--cluster.listen-address=",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_ready(address, process, folder / "alertmanager.log")
        yield Alertmanager(address)
    finally:
        process.terminate()
        process.wait(timeout=_PATIENCE)


def _program() -> str:
    """Return where it is; without it the test skips, with ``CI=true`` it fails."""
    program = shutil.which(PROGRAM)
    if program is not None:
        return program
    missing = f"{PROGRAM} is not installed (Debian: apt-get install {PROGRAM})"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


def _wait_until_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{address}/-/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"Alertmanager is not ready: {log.read_text()}")
