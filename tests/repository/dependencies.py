"""Is any locked dependency withdrawn by its authors, or known to be vulnerable?

Two questions that need the network. The package index knows which releases were withdrawn, OSV and
the npm registry which are vulnerable. A finding fails the check. A service that does not answer is
named, and fails it only with ``DEPENDENCY_AUDIT=required``: set that where the machine is meant to
reach them.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
_TIMEOUT_SECONDS = 300
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(kw_only=True)
class Audit:
    """What was found, and which services could not be asked."""

    findings: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)

    def status(self, environ: Mapping[str, str]) -> int:
        """Return the exit code: 1 for a finding, or for silence where an answer is required."""
        is_required = environ.get("DEPENDENCY_AUDIT") == "required"
        return 1 if self.findings or (self.unasked and is_required) else 0


def withdrawn(audit: Audit, locks: Sequence[str] = LOCKS) -> None:
    """Ask the package index which locked releases were yanked."""
    for lock in locks:
        question = [
            "pip",
            "install",
            "--dry-run",
            "--no-deps",
            "--reinstall",
            "--requirement",
            lock,
        ]
        uv = [_program("uv"), "--color=never"]
        ended = _run([*uv, *question])
        if ended.returncode:
            # Some machines trust certificates of their own, which only the second way knows.
            ended = _run([*uv, "--system-certs", *question])
        if ended.returncode:
            audit.unasked.append(f"the package index, about {lock}")
        audit.findings += [
            f"{lock}: {line.partition('warning: ')[2]}"
            for line in ended.stderr.splitlines()
            if " is yanked" in line
        ]


def vulnerable_python(
    audit: Audit, locks: Sequence[str] = LOCKS, *, service: Sequence[str] = ("-s", "osv")
) -> None:
    """Ask OSV about the locked Python packages; ``service`` tells pip-audit whom to ask."""
    for lock in locks:
        words = ["-r", lock, "--require-hashes", "--disable-pip", "--progress-spinner", "off"]
        ended = _run([_program("pip-audit"), *words, *service, "--timeout", "20", "-f", "json"])
        packages = _json(ended.stdout).get("dependencies")
        if packages is None or any("skip_reason" in package for package in packages):
            audit.unasked.append(f"OSV, about {lock}")
        for package in packages or []:
            audit.findings += [
                f"{lock}: {package['name']} {package['version']} has {problem['id']}; "
                f"repaired in {', '.join(problem['fix_versions']) or 'no version yet'}"
                for problem in package.get("vulns", [])
            ]


def vulnerable_assets(audit: Audit, folder: Path = ROOT / "static") -> None:
    """Ask the npm registry about the packages in ``package-lock.json``."""
    npm = shutil.which("npm", path=os.pathsep.join((_bin(), os.environ.get("PATH", ""))))
    if npm is None:
        audit.unasked.append("the npm registry: there is no npm here")
        return
    ended = _run([npm, "audit", "--package-lock-only", "--json"], folder=folder)
    report = _json(ended.stdout)
    if "auditReportVersion" not in report:
        audit.unasked.append("the npm registry, about static/package-lock.json")
        return
    audit.findings += [
        f"static/package-lock.json: {name} is vulnerable ({problem.get('severity')})"
        for name, problem in report.get("vulnerabilities", {}).items()
    ]


def main() -> int:
    """Ask everything, say what was found, and return the exit code."""
    audit = Audit()
    withdrawn(audit)
    vulnerable_python(audit)
    vulnerable_assets(audit)
    for finding in audit.findings:
        print(finding)
    for service in audit.unasked:
        print(f"NOT AUDITED, no answer from {service}.")
    if audit.findings:
        print("Choose another version in pyproject.toml or static/package.json, then `make lock`.")
    elif not audit.unasked:
        print("No locked dependency is withdrawn or known to be vulnerable.")
    return audit.status(os.environ)


def _run(words: Sequence[str], *, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "VIRTUAL_ENV": str(Path(_bin()).parent)}
    environ["PATH"] = os.pathsep.join((_bin(), environ.get("PATH", "")))
    if Path(_CERTIFICATES).exists():
        environ.setdefault("NODE_EXTRA_CA_CERTS", _CERTIFICATES)
    return subprocess.run(
        words,
        cwd=folder,
        env=environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
    )


def _json(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _bin() -> str:
    return str(Path(sys.executable).parent)


def _program(name: str) -> str:
    return str(Path(_bin()) / name)


if __name__ == "__main__":
    sys.exit(main())
