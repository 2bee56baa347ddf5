"""What a container may do, by Compose, by Kubernetes and by the image itself."""

import re
import shutil
import subprocess
from typing import Any

import pytest

from tests.opsmanager.deploy import files

SERVICES: dict[str, dict[str, Any]] = files.compose()["services"]
PODS = files.pods()
PROXY = "proxy"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_of_compose_gets_no_further_than_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["security_opt"] == ["no-new-privileges:true"]
    limits = service["deploy"]["resources"]["limits"]
    assert {"cpus", "memory"} <= limits.keys()
    if (
        name != "postgres"
    ):  # its image makes the data folder its own as root, then goes on as another
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
    if name not in ("postgres", PROXY):
        assert service["user"] == "10001:10001"
    assert "logging" in service
    assert "privileged" not in service


def test_only_the_proxy_is_reached_from_elsewhere() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == [PROXY]
    networks = files.compose()["networks"]
    assert networks["inside"] == networks["front"] == {"internal": True}
    assert SERVICES["web"]["networks"] == ["inside", "front"]
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["inside"]


def test_all_that_stays_says_whether_it_is_well() -> None:
    staying = {name for name in SERVICES if name != "migrate"}
    assert {name for name, service in SERVICES.items() if "healthcheck" in service} == staying


def test_each_secret_of_compose_is_a_file_that_is_made() -> None:
    known = files.compose()["secrets"]
    used = {name for service in SERVICES.values() for name in service.get("secrets", [])}
    assert used == known.keys()
    assert all(each == {"file": f"./secrets/{name}"} for name, each in known.items())


@pytest.mark.parametrize("name", [name for name, each in SERVICES.items() if "build" not in each])
def test_an_image_is_of_one_version(name: str) -> None:
    image = SERVICES[name]["image"]
    assert image == "opsmanager" or re.fullmatch(r"[a-z]+:\d+\.\d+(\.\d+)?(-\w+)?", image)


@pytest.mark.parametrize("name", PODS)
def test_a_pod_is_restricted(name: str) -> None:
    pod = PODS[name]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert name == "migrate" or "readinessProbe" in container


def test_the_image_is_made_of_pinned_parts_and_does_not_run_as_root() -> None:
    lines = files.dockerfile()
    bases = [rest.split()[0] for word, rest in lines if word == "FROM"]
    assert all(re.fullmatch(r"[a-z]+:\d+\.\d+\.\d+-[a-z-]+", base) for base in bases), bases
    assert not [rest for word, rest in lines if word == "ADD"]
    last = max(number for number, (word, _) in enumerate(lines) if word == "FROM")
    users = [rest for word, rest in lines[last:] if word == "USER"]
    assert users == ["10001:10001"]
    run = [rest for word, rest in lines if word == "RUN"]
    assert any("--require-hashes" in each for each in run)


def test_the_manifests_are_put_together() -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("There is no kubectl on this machine.")
    folder = files.KUBERNETES / "example"
    ended = subprocess.run(
        ["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "registry.example.com/opsmanager:1.0.0" in ended.stdout


def test_the_units_can_be_read() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("There is no systemd-analyze on this machine.")
    units = sorted(files.SYSTEMD.glob("*.service"))
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, units)],
        capture_output=True,
        text=True,
        check=False,
    )
    # What they start is not installed here, and only that may be wrong.
    said = [
        line for line in ended.stderr.splitlines() if "/deploy/" in line or "opsmanager" in line
    ]
    assert not [line for line in said if "is not executable" not in line], ended.stderr
