"""What a hostile value asks for does not happen on a real Debian server, whose programs see it."""

from typing import Any

import pytest

from automation import catalog
from automation.engine.results import Status
from tests.automation.runbooks.on_debian import PLAYGROUND, Debian

pytest_plugins = ("tests.servers.systemd.fixtures",)
pytestmark = [pytest.mark.systemd, pytest.mark.sshd]

# Each way to begin a command makes a file in the folder that it would run in.
NASTY = "a'$(touch pwned1)`touch pwned2`\";touch pwned3;touch pwned4|touch pwned5&touch pwned6 #"
FOLDER = f"{PLAYGROUND}/{NASTY}"
PARAMETERS: list[tuple[str, dict[str, Any]]] = [
    ("HEALTH_CHECK", {"urls": ["http://127.0.0.1:9/$(touch$IFS'pwned1');touch$IFS'pwned2'&id"]}),
    ("DISK_CLEANUP", {"targetPath": FOLDER, "minSizeMb": 0, "pattern": NASTY}),
    ("DISK_CLEANUP", {"targetPath": FOLDER, "minSizeMb": 0, "pattern": "-exec touch pwned7 ;"}),
    ("DISK_CLEANUP", {"targetPath": FOLDER, "minSizeMb": 0, "pattern": "* -delete"}),
    ("PROCESS_KILL", {"name": NASTY}),
    ("PROCESS_KILL", {"name": "-1 $(touch pwned8)"}),
    ("LOG_ROTATION", {"config": f"{FOLDER}/{NASTY}"}),
    ("FILE_BACKUP", {"paths": [FOLDER], "destination": f"{PLAYGROUND}/to {NASTY}"}),
]


def test_no_value_does_anything(debian: Debian) -> None:
    debian.sh(
        """mkdir -- "$1" && echo log >"$1/$2" && printf '%s {\nmissingok\n}\n' /none >"$1/$2"
        chmod 644 "$1/$2" """,
        FOLDER,
        NASTY,
    )
    with debian.untouched():
        for runbook, params in PARAMETERS:
            done = debian.execute(catalog.runbooks().get(runbook), params, is_dry_run=True)
            assert done.status is Status.SUCCESS, (params, done.error_message)


def test_a_backup_of_it_is_that_of_any_other_folder(debian: Debian) -> None:
    debian.sh('mkdir -- "$1" && echo one >"$1/$2"', FOLDER, NASTY)
    destination = f"{PLAYGROUND}/to {NASTY}"
    params = {"paths": [FOLDER], "destination": destination}
    runbook = catalog.runbooks().get("FILE_BACKUP")
    done = debian.execute(runbook, params)
    assert done.status is Status.SUCCESS, done.error_message
    debian.sh('echo two >"$1/$2"', FOLDER, NASTY)
    assert debian.roll_back(runbook, params, done).status is Status.ROLLED_BACK
    assert debian.sh('cat -- "$1/$2"', FOLDER, NASTY) == "one\n"
    assert debian.sh('ls -A -- "$1" | wc -l', PLAYGROUND) == "2\n"
    assert debian.sh("find / -xdev -name 'pwned*'") == ""
