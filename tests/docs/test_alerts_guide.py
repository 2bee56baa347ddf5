"""What the guide on alerts prints is taken as it stands."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from incidents.sources import generic, pagerduty
from incidents.sources.registry import FORMS
from tests.docs.fences import DOCS, fences

PAGE = DOCS / "guide" / "alerts.md"
ADDRESS = "https://opsmanager.example/api/v1/incidents/webhooks/"


def json_blocks() -> list[Any]:
    return [json.loads(fence.code) for fence in fences(PAGE, "json")]


def test_alertmanager_takes_its_configuration(tmp_path: Path) -> None:
    text = fences(PAGE, "yaml")[0].code
    (receiver,) = yaml.safe_load(text)["receivers"]
    (webhook,) = receiver["webhook_configs"]
    assert webhook["url"] == f"{ADDRESS}alertmanager"
    assert webhook["send_resolved"] is True
    assert webhook["http_config"]["authorization"] == {
        "type": "Bearer",
        "credentials": "THE-TOKEN",
    }
    amtool = shutil.which("amtool")
    if amtool is not None:
        file = tmp_path / "alertmanager.yml"
        file.write_text(text)
        checked = subprocess.run(
            [amtool, "check-config", str(file)], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_grafana_s_contact_point_sends_a_token_and_what_is_over() -> None:
    (point,) = yaml.safe_load(fences(PAGE, "yaml")[1].code)["contactPoints"]
    (receiver,) = point["receivers"]
    assert (receiver["type"], receiver["disableResolveMessage"]) == ("webhook", False)
    assert receiver["settings"]["url"] == f"{ADDRESS}grafana"
    assert receiver["settings"]["authorization_scheme"] == "Bearer"


def test_pagerduty_sends_the_events_that_are_read() -> None:
    subscription = json_blocks()[0]["webhook_subscription"]
    assert subscription["delivery_method"]["url"] == f"{ADDRESS}pagerduty"
    assert set(subscription["events"]) == set(pagerduty.TOLD)


def test_the_example_of_a_script_is_an_alert() -> None:
    (alert,) = FORMS["generic"].alerts_of(json_blocks()[1], {})
    assert (alert.severity, alert.is_firing, alert.fingerprint) == (
        "CRITICAL",
        True,
        "backup-db-1",
    )
    assert alert.began_at is not None


def test_the_example_of_a_mapping_reads_the_body_before_it() -> None:
    _subscription, _script, body, mapping = json_blocks()
    assert generic.mistakes(mapping) == []
    disk, load = FORMS["generic"].alerts_of(body, mapping)
    assert (disk.title, disk.severity, disk.is_firing) == ("Disk full", "CRITICAL", True)
    assert disk.labels == {"host": "web-1", "path": "/var"}
    assert disk.fingerprint != load.fingerprint
    assert not load.is_firing


@pytest.mark.parametrize("kind", FORMS)
def test_each_kind_has_its_part(kind: str) -> None:
    title = FORMS[kind].title
    assert f"\n## {title}\n" in PAGE.read_text(encoding="utf-8")
