"""The commands of the page on a first real server, typed against OpsManager and a real sshd.

Its steps in the browser, up to the check, are those of `tests/e2e/test_server_pages.py`; a dry run
and *Run exactly this* are walked in `tests/e2e/test_walk.py`.
"""

import getpass
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.ssh.testing import Sshd
from servers.ssh.testing.requirement import require_sshd
from tests.docs.fences import DOCS, fences
from tests.docs.shell_blocks import to_run
from tests.docs.typed import TOOLS, lacking, need, typed
from tests.stack.servers import reached
from tests.stack.stack import PASSWORD, Stack, running

pytest_plugins = ("tests.stack.fixtures",)
pytestmark = [pytest.mark.sshd, pytest.mark.xdist_group("alone")]

PAGE = DOCS / "first-server.md"
OURS = {"API", "PASSWORD", "HOST", "PORT", "LOGIN", "KEY", "FINGERPRINT"}
"""What readers fill in, in the page's first block."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return one of our own: nobody else has a server with that name."""
    require_sshd()
    need(*TOOLS)
    with running(tmp_path_factory.mktemp("stack")) as started:
        yield started


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    """Return a server whose login may become root, as the page wants it."""
    asked = ["sudo", "-n", "true"]
    if os.geteuid() and subprocess.run(asked, check=False, capture_output=True).returncode:
        lacking("root, or sudo without a password")
    folder = tmp_path / "server"
    folder.mkdir()
    sshd = Sshd(folder)
    sshd.start()
    yield sshd
    sshd.stop()


def fingerprint_on_the_console(server: Sshd) -> str:
    """Return what the page's command says there, which is that of docs/guide/servers.md."""
    (look,) = to_run("docs/guide/servers.md")
    assert f"`{look.strip()}`" in PAGE.read_text(encoding="utf-8")
    there = look.replace("/etc/ssh/ssh_host_ed25519_key.pub", f"{server.host_key_files[0]}.pub")
    return typed([there], server.folder).split()[1]


def test_the_page_leads_from_nothing_to_a_health_check_and_a_dry_run(
    stack: Stack, server: Sshd, tmp_path: Path
) -> None:
    first, *blocks = (fence.code for fence in fences(PAGE, "sh"))
    assert {line.partition("=")[0] for line in first.splitlines()} == OURS
    (tmp_path / "key").write_text(server.private_key)

    said = typed(
        blocks,
        tmp_path,
        stack=stack,
        API=f"{stack.address}/api/v1",
        PASSWORD=PASSWORD,
        HOST="127.0.0.1",
        PORT=str(server.port),
        LOGIN=getpass.getuser(),
        KEY=str(tmp_path / "key"),
        FINGERPRINT=fingerprint_on_the_console(server),
    )

    accepted, checked, health, dry_run = (
        said.index(what)
        for what in ("host key: ACCEPTED", '"reachable": true', '"HEALTH_CHECK"', '"FILE_BACKUP"')
    )
    assert accepted < checked < health < dry_run
    assert said.count('"status": "SUCCESS"') == 2, said
    assert '"healthy": ' in said[health:dry_run]
    assert " checks " in said[health:dry_run]
    assert '"isDryRun": true' in said[dry_run:]
    assert "\nnot sent: " in said[dry_run:]
    assert server.private_key not in said


def test_a_key_that_is_not_the_one_of_the_console_is_not_accepted(
    stack: Stack, server: Sshd, tmp_path: Path
) -> None:
    added = stack.server("another", **reached(server), accepted=False)
    (look,) = (fence.code for fence in fences(PAGE, "sh") if fence.code.startswith("OFFERED="))

    said = typed(
        [look],
        tmp_path,
        API=f"{stack.address}/api/v1",
        AUTH=f"Authorization: Bearer {stack.api().token()}",
        SERVER=added["id"],
        FINGERPRINT="SHA256:of-another-machine",
    )

    assert said == f"Don't accept it: the server offers {fingerprint_on_the_console(server)}.\n"
    shown = stack.api().get(f"servers/{added['id']}/host-key").expect(200)["hostKey"]
    assert shown["status"] != "ACCEPTED"
