"""ansible-core with `raw`, pipelining, ControlPersist, the free-running strategy and 32 forks."""

import json
import os
import subprocess
import sys
from pathlib import Path


def main() -> None:
    given = json.load(sys.stdin)
    folder = Path(given["folder"]) / "ansible"
    folder.mkdir(exist_ok=True)
    hosts = [
        f"s{number} ansible_host={given['hosts'][number % len(given['hosts'])][0]} "
        f"ansible_port={given['hosts'][number % len(given['hosts'])][1]}"
        for number in range(given["executions"])
    ]
    (folder / "inventory").write_text("\n".join(hosts) + "\n")
    tasks = "".join(
        f"    - raw: {command}\n      changed_when: false\n" for command in given["commands"]
    )
    (folder / "play.yml").write_text(
        f"- hosts: all\n  gather_facts: false\n  strategy: host_pinned\n  tasks:\n{tasks}"
    )
    environ = os.environ | {
        "ANSIBLE_HOST_KEY_CHECKING": "false",
        "ANSIBLE_PIPELINING": "true",
        "ANSIBLE_FORKS": "32",
        "ANSIBLE_STDOUT_CALLBACK": "minimal",
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": "/tmp/ops-cp",
        "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=60s",
    }
    ended = subprocess.run(
        [
            str(Path(sys.executable).with_name("ansible-playbook")),
            *("-i", str(folder / "inventory"), "-u", given["user"]),
            *("--private-key", given["key"], str(folder / "play.yml")),
        ],
        env=environ,
        check=False,
        capture_output=True,
        text=True,
    )
    # The fourth command's task is the last of each host.
    print(ended.stdout.count("rc=0") // len(given["commands"]))


main()
