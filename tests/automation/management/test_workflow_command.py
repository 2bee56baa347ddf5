import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from automation import workflows as core
from automation.models import Workflow
from automation.services import workflows
from opsmanager.accounts.models import User
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]
YAML = """\
# Kept in Git.
name: Mend it
description: When it is broken
inputs:
  - {name: server, type: server, required: true, help: Where}
  - {name: most, type: integer, default: 80}
nodes:
  mend: {kind: run, runbook: SAMPLE_MENDING, server: "{{ inputs.server }}", parameters: {path: /x}}
  told: {kind: note, text: It failed.}
edges:
  - {from: mend, to: told, on: failure}
"""


@pytest.fixture
def admin(rows: None) -> User:
    return makers.admin(username="admin")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "mend-it.yaml"
    made.write_text(YAML)
    return made


def said(*words: str) -> str:
    out = io.StringIO()
    call_command("workflow", *words, stdout=out)
    return out.getvalue()


def refused(*words: str, code: int = 2) -> str:
    with pytest.raises(CommandError) as caught:
        said(*words)
    assert caught.value.returncode == code
    return str(caught.value)


def test_a_file_makes_a_workflow_and_changes_it_by_its_name(admin: User, file: Path) -> None:
    assert said("import", str(file)) == "Mend it is saved, version 1.\n"
    row = Workflow.objects.get()
    assert (row.saved_by, row.definition) == (admin, core.load(YAML).as_json())
    assert said("import", str(file)) == "Mend it is as it was, version 1.\n"
    file.write_text(YAML.replace("It failed.", "It has failed."))
    other = makers.admin(username="another")
    assert said("import", str(file), "--as", "another") == "Mend it is saved, version 2.\n"
    row.refresh_from_db()
    assert row.saved_by == other
    assert Workflow.objects.count() == 1


def test_it_comes_in_as_json_and_from_standard_input(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = json.dumps(core.load(YAML).as_json()).encode()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(raw)))
    assert said("import", "-") == "Mend it is saved, version 1.\n"


def test_it_goes_out_as_it_can_come_in_again(admin: User, file: Path) -> None:
    said("import", str(file))
    file.write_text(said("export", "Mend it"))
    assert said("import", str(file)) == "Mend it is as it was, version 1.\n"
    for words in (("export", "Mend it", "--json"), ("show", "Mend it", "--json")):
        assert json.loads(said(*words)) == core.load(YAML).as_json()


def test_what_could_drive_a_terminal_is_spelled_out_in_json(admin: User) -> None:
    odd = core.parsed({"name": "Odd", "nodes": {"a": {"kind": "note", "text": "\x9b2J ä"}}})
    workflows.save(actor=admin, definition=odd)
    for words in (("export", "Odd", "--json"), ("export", "Odd")):
        text = said(*words)
        assert "\x9b" not in text
        assert core.load(text) == odd


def test_all_are_listed_and_one_is_shown(admin: User, file: Path) -> None:
    said("import", str(file))
    off = core.parsed({"name": "Off", "nodes": {"a": {"kind": "note", "text": "x"}}})
    row = workflows.save(actor=admin, definition=off)
    workflows.set_active(actor=admin, workflow=row, on=False)
    assert said("list") == "Mend it: 2 nodes, version 1\nOff: 1 node, version 1 (switched off)\n"
    assert said("show", "Mend it") == (
        "Mend it: version 1\nWhen it is broken\n\nInputs:\n"
        "  server (server, required): Where\n  most (integer, default 80)\n\nNodes:\n"
        "  mend: SAMPLE_MENDING on {{ inputs.server }}\n"
        "  told: It failed.\n    After mend failed\n"
    )
    assert said("show", "Off").startswith("Off: version 1, switched off\n\nInputs:\n")


def test_a_file_is_checked_and_each_finding_told_by_place(admin: User, file: Path) -> None:
    assert said("check", str(file)) == "Mend it: nothing is wrong with it.\n"
    file.write_text(YAML.replace("{path: /x}", "{}").replace("to: told", "to: gone"))
    told = refused("check", str(file), code=1).split("\n")
    assert [line.partition(": ")[0] for line in told] == [
        "nodes.mend.parameters.path",
        "edges[0].to",
    ]
    file.write_text("a: b: c")
    assert "line 1" in refused("check", str(file), code=1)
    assert not Workflow.objects.exists()


def test_what_is_wrong_with_a_file_is_told_and_nothing_saved(admin: User, file: Path) -> None:
    file.write_text(YAML.replace("{path: /x}", "{}"))
    assert "\n  nodes.mend.parameters.path: Is required." in refused("import", str(file))
    file.write_text("a: b: c")
    assert "definition: This is no YAML" in refused("import", str(file))
    assert not Workflow.objects.exists()


def test_what_is_not_there_is_refused_in_a_sentence(admin: User, file: Path) -> None:
    assert refused("show", "Nothing") == "There is no workflow Nothing."
    assert refused("export", "Nothing") == "There is no workflow Nothing."
    assert "no user ghost" in refused("import", str(file), "--as", "ghost")
    assert "can't be read: No such file" in refused("check", str(file.with_name("gone")))
    file.write_bytes(b"\xff\xfe\x00")
    assert "is no text" in refused("check", str(file))


def test_who_may_not_save_workflows_may_not_import_them(admin: User, file: Path) -> None:
    makers.user("NOC", username="noc")
    assert "Only administrators" in refused("import", str(file), "--as", "noc")
    assert not Workflow.objects.exists()
