"""What the pages on the command line, on workflows, alerts and the like tell readers to type.

One OpsManager with its demo servers runs it all, and the runbooks can be repeated at once: a reader
has minutes between two of them. Where a page shows an id, a token or an address that differ from
reader to reader, those of this OpsManager stand in their place, and nothing else is changed.
"""

import json
import re
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.fences import DOCS, fences
from tests.docs.shell_blocks import to_run
from tests.docs.typed import TOOLS, need, typed
from tests.stack.demo import DOWN, Demo, begin
from tests.stack.stack import Stack, running
from tests.support.waiting import eventually

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = pytest.mark.xdist_group("alone")

EXAMPLE = DOCS / "examples" / "workflows" / "clean-up-when-full.yaml"
WORKFLOW = "Clean up when the disk is full"
ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
DONE = "started by admin, succeeded"
LIBRARY: dict[str, tuple[dict[str, str], str]] = {
    # By the page: what stands for its dots, and what the demo server's answer holds.
    "disk-cleanup.md": ({}, DONE),
    "file-backup.md": ({"paths": "/etc/hosts"}, DONE),
    "health-check.md": ({}, DONE),
    "log-rotation.md": ({"config": "/etc/logrotate.d/shop"}, "logrotate"),
    "process-kill.md": ({}, "Give either pid or name, exactly one of the two."),
    "service-restart.md": ({"serviceName": "shop"}, DONE),
}
_NO_COOLDOWN = """
from automation.models import CatalogEntry
CatalogEntry.objects.update(cooldown_minutes=0)
"""
_DEPLOY = """
from django.contrib.auth.models import Group
from opsmanager.accounts.models import User
User.objects.create_user("deploy").groups.add(Group.objects.get(name="ADMIN"))
"""
_SLOW = "name: Wait\nnodes:\n  pause: {kind: wait, seconds: 3000}\n"


@pytest.fixture(scope="module")
def metrics_token(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the file with the token that monitoring.md makes, as it tells web of it."""
    need(*TOOLS, "openssl")
    (make_one,) = to_run("docs/operations/monitoring.md")
    folder = tmp_path_factory.mktemp("monitoring")
    return typed([make_one, 'printf %s "$OPSMANAGER_METRICS_TOKEN_FILE"'], folder)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, metrics_token: str) -> Iterator[Stack]:
    """Return one of our own: what the pages do to web-1 is no business of other tests."""
    folder = tmp_path_factory.mktemp("stack")
    with running(folder, OPSMANAGER_METRICS_TOKEN_FILE=metrics_token) as started:
        started.python(_NO_COOLDOWN)
        yield started


@pytest.fixture(scope="module")
def demo(stack: Stack) -> Demo:
    """Return the demo servers of this stack."""
    return begin(stack)


def over_the_api(stack: Stack, block: str, folder: Path, **variables: str) -> Any:
    """Type a block that asks the API as admin; return the answers, which are JSON."""
    given = {"OPSMANAGER": stack.address, "TOKEN": stack.api().token()}
    said = typed([block], folder, **(given | variables)).strip()
    answers, decoder = [], json.JSONDecoder()
    while said:
        answer, end = decoder.raw_decode(said)
        answers.append(answer)
        said = said[end:].strip()
    return answers


def only_difference(block: str, shown: str, ours: str) -> str:
    """Return the block with what it shows replaced, which has to be there."""
    assert shown in block, f"{shown!r} is not in {block!r}"
    return block.replace(shown, ours)


def test_the_quickstart_s_command_line(stack: Stack, demo: Demo, tmp_path: Path) -> None:
    demo.stop("web-1", DOWN)
    _run, commands = to_run("docs/quickstart.md")

    said = typed([commands], tmp_path, stack=stack)

    assert "SERVICE_RESTART          Restart a service\n" in said
    assert "$ (not sent) systemctl restart shop.service\n" in said
    assert re.search(r"\d+ checks (?:passed|failed)", said), said


def test_runbooks_on_the_command_line(stack: Stack, demo: Demo, tmp_path: Path) -> None:
    demo.stop("web-1", DOWN)
    first, _workflows, _runs = to_run("docs/guide/command-line.md")
    *commands, watch = first.splitlines()

    said = typed(commands, tmp_path, stack=stack)
    latest = re.findall(r"^([0-9a-f-]{36})  ", said, re.MULTILINE)[-1]
    watched = typed([ID.sub(latest, watch)], tmp_path, stack=stack)

    assert "  serviceName (" in said
    assert "$ systemctl restart shop.service\n" in said
    assert watched.startswith(latest)
    assert "$ systemctl restart shop.service\n" in watched
    execution = stack.api().finished(latest)
    assert (execution["reason"], execution["verdict"]) == ("pages are slow", "FIXED")


def test_workflows_on_the_command_line(stack: Stack, demo: Demo, tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path)
    _runbooks, kept, run = to_run("docs/guide/command-line.md")
    start, watch, cancel, retry = run.splitlines()

    said = typed([kept], tmp_path, stack=stack)
    assert WORKFLOW in said
    assert json.loads(said[said.index("\n{") :])["name"] == WORKFLOW

    ran = typed([start], tmp_path, stack=stack)
    assert f"{WORKFLOW}: SUCCESS." in ran
    ours = ran.split()[0]
    assert f"{WORKFLOW}: SUCCESS." in typed([ID.sub(ours, watch)], tmp_path, stack=stack)
    again = typed([ID.sub(ours, retry)], tmp_path, stack=stack)
    assert "restart: SUCCEEDED." in again

    slow = stack.api().post("automation/workflows", {"yaml": _SLOW}).expect(201)["workflow"]
    path = f"automation/workflows/{slow['id']}/run"
    other = stack.api().post(path, {"inputs": {}}).expect(201)["workflowRun"]["id"]
    assert "begins nothing more" in typed([ID.sub(other, cancel)], tmp_path, stack=stack)

    def status() -> str:
        found = stack.api().get(f"automation/workflow-runs/{other}").expect(200)
        shown: str = found["workflowRun"]["status"]
        return shown

    eventually(lambda: status() == "CANCELLED")


def test_workflows_in_git_and_over_the_api(stack: Stack, demo: Demo, tmp_path: Path) -> None:
    stack.python(_DEPLOY)
    import_first = f"manage.py workflow import {EXAMPLE} --as admin"
    in_git, over_http = to_run("docs/guide/workflows.md")

    typed([import_first, in_git], tmp_path, stack=stack)
    (made,) = over_the_api(stack, over_http, tmp_path)

    assert (tmp_path / EXAMPLE.name).read_text().startswith(f"name: {WORKFLOW}\n")
    assert made["workflow"]["name"] == "Say hello"


def test_the_guard_blocks_what_its_page_shows(stack: Stack, tmp_path: Path) -> None:
    (weigh,) = to_run("docs/guide/guard.md")

    said = typed([f"{weigh.strip()} || echo ended with $?"], tmp_path, stack=stack)

    assert said.startswith("BLOCK ")
    assert said.endswith("ended with 1\n")


@pytest.mark.parametrize("page", sorted(path.name for path in (DOCS / "runbooks").glob("*-*.md")))
def test_the_dry_run_of_a_library_page(page: str, stack: Stack, demo: Demo, tmp_path: Path) -> None:
    (command,) = to_run(f"docs/runbooks/{page}")
    given, answer = LIBRARY[page]
    for name, value in given.items():
        command = only_difference(command, f"{name}=…", f"{name}={value}")

    said = typed([f"{command.strip()} 2>&1 || true"], tmp_path, stack=stack)

    assert answer in said


def test_templates_over_the_api(stack: Stack, demo: Demo, tmp_path: Path) -> None:
    (save,) = to_run("docs/guide/templates.md")
    block = only_difference(save, '"serverId": "…"', f'"serverId": "{demo.servers["web-1"]["id"]}"')

    (made,) = over_the_api(stack, block, tmp_path)

    assert made.get("template", {}).get("name") == "Restart nginx", made


def test_approvals_over_the_api(stack: Stack, demo: Demo, tmp_path: Path) -> None:
    one = demo.described["app-1"]
    guarded = stack.server(
        "guarded",
        hostname=one["hostname"],
        port=one["port"],
        username=one["username"],
        private_key=demo.login_key("app-1"),
        approvals=1,
    )
    asked = stack.api().launch("SERVICE_RESTART", guarded, parameters={"serviceName": "mailer"})
    execution = asked.expect(201)["execution"]
    manager = stack.user("MANAGER")
    token = stack.api(manager).token()
    (waiting,) = stack.api(manager).get("automation/approvals?mine=true").expect(200)["approvals"]
    (approve,) = to_run("docs/guide/approvals.md")

    listed, approved = over_the_api(stack, approve, tmp_path, TOKEN=token, APPROVAL=waiting["id"])

    assert [each["id"] for each in listed["approvals"]] == [waiting["id"]]
    assert approved["approval"]["state"] == "APPROVED"
    assert stack.api().finished(execution["id"])["status"] == "SUCCESS"


def test_an_alert_of_a_script(stack: Stack, demo: Demo, tmp_path: Path) -> None:
    asked = {"name": "Backups", "slug": "backups", "kind": "generic"}
    source = stack.api().post("incidents/sources", asked).expect(201)
    (alert,) = (
        each.code for each in fences(DOCS / "guide" / "alerts.md", "json") if "beganAt" in each.code
    )
    (tmp_path / "alert.json").write_text(alert)
    (send,) = to_run("docs/guide/alerts.md")
    block = only_difference(send, "THE-TOKEN", source["token"])

    typed([only_difference(block, "https://opsmanager.example", stack.address)], tmp_path)

    def opened() -> bool:
        found = stack.api().get("incidents?search=backup").expect(200)["incidents"]
        return "Backup of db-1 failed" in [each["title"] for each in found]

    eventually(opened)


def test_the_audit_trail_is_verified(stack: Stack, tmp_path: Path) -> None:
    (shown,) = to_run("docs/guide/audit.md")
    typed_in = [line.removeprefix("$ ") for line in shown.splitlines() if line.startswith("$ ")]
    (told,) = [line for line in shown.splitlines() if not line.startswith("$ ")]
    stack.api().post("servers/groups", {"name": "sealed"}).expect(201)
    eventually(lambda: stack.api().get("audit/verify").expect(200)["verification"]["head"])

    said = typed(typed_in, tmp_path, stack=stack)

    pattern = re.sub(r"\d+", r"\\d+", re.escape(told.replace("9f2c…", "HASH")))
    assert re.match(pattern.replace("HASH", "[0-9a-f]{64}"), said), said


def test_single_sign_on_is_set_up(stack: Stack, tmp_path: Path) -> None:
    (settings,) = to_run("docs/guide/single-sign-on.md")
    (tmp_path / "oidc").write_text("secret\n")
    block = only_difference(settings, "/run/secrets/oidc", str(tmp_path / "oidc"))
    code = "from django.conf import settings; print(settings.OIDC_ISSUER, settings.OIDC_ROLES)"

    said = typed(
        ["set -a", block, "manage.py check", f"manage.py shell -v 0 -c '{code}'"],
        tmp_path,
        stack=stack,
    )

    assert "https://login.example.com/realms/ops" in said
    assert "noc-team" in said


def test_prometheus_is_answered(stack: Stack, metrics_token: str) -> None:
    token = Path(metrics_token).read_text().strip()
    headers = {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{stack.address}/metrics", headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert "opsmanager_queue_depth" in answer.read().decode()


def test_pages_of_runbooks_of_one_s_own(stack: Stack, tmp_path: Path) -> None:
    (write,) = to_run("docs/writing-a-runbook.md")

    typed([write], tmp_path, stack=stack)

    written = {path.name for path in (tmp_path / "docs" / "runbooks").iterdir()}
    assert "index.md" in written
    assert len(written) > 1
