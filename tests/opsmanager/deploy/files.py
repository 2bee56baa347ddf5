"""What the files of a deployment say, read as their own programs would."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from opsmanager.embedded.data_dir import DataDir
from opsmanager.embedded.plan import Plan
from opsmanager.embedded.secrets import Secrets

PROJECT = Path(__file__).resolve().parents[3]
DEPLOY = PROJECT / "opsmanager" / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
SYSTEMD = DEPLOY / "systemd"
NAMES = ("web", "worker", "worker-high", "worker-notify", "beat")
"""The programs that stay."""


def planned(folder: Path) -> dict[str, list[str]]:
    """Return the commands of `make run`, by the name of the program."""
    plan = Plan(
        project=PROJECT,
        data=DataDir(path=folder),
        secrets=Secrets(folder=folder, environ={}),
        environ={},
        services={},
        host="HOST",
        port=8000,
    )
    return {each.name: plain(each.command) for each in plan.application()}


def plain(command: tuple[str, ...] | list[str]) -> list[str]:
    """Return a command without what is another one on each machine.

    That is where Python lies, to which address web listens, and how many threads two cores get.
    """
    words = [re.sub(r"^.*/", "", command[0]), *command[1:]]
    if words[0].startswith("python") and words[1] == "-m":
        words = words[2:]
    for option in ("--host", "--blocking-threads"):
        if option in words:
            words[words.index(option) + 1] = "*"
    return words


def compose() -> dict[str, Any]:
    """Return docker-compose.yml, its anchors filled in."""
    found: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    return found


def dockerfile() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions: (name, the rest), long lines joined."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def manifests() -> Iterator[dict[str, Any]]:
    """Return all of Kubernetes' objects."""
    for file in sorted(KUBERNETES.glob("*/*.yaml")):
        yield from yaml.safe_load_all(file.read_text())


def pods() -> dict[str, dict[str, Any]]:
    """Return what pods are made of, by the name of their deployment or job."""
    return {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]
        for each in manifests()
        if each["kind"] in ("Deployment", "Job")
    }


def unit(name: str) -> Mapping[str, list[str]]:
    """Return what a unit's [Service] says, each name with all its values, drop-ins included."""
    found: dict[str, list[str]] = {}
    drop_in = SYSTEMD / "opsmanager-.service.d" / "10-all.conf"
    for file in (drop_in, SYSTEMD / f"opsmanager-{name}.service"):
        section = ""
        for line in file.read_text().splitlines():
            if line.startswith("["):
                section = line
            elif section == "[Service]" and "=" in line and not line.startswith("#"):
                key, _, value = line.partition("=")
                found.setdefault(key, []).append(value)
    return found
