"""Finds runbooks: imports the modules of each package that says it holds some."""

import importlib
import pkgutil
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import entry_points

ENTRY_POINT_GROUP = "opsmanager.runbooks"


@dataclass(frozen=True, kw_only=True)
class DiscoveryProblem:
    """A module that could not be imported; the others were."""

    module: str
    reason: str
    """A sentence, with the error's own words."""


def discover(
    packages: Iterable[str] = (), *, group: str = ENTRY_POINT_GROUP
) -> list[DiscoveryProblem]:
    """Import every module of ``packages`` and of the entry points in ``group``.

    Defining a runbook registers it, so importing is all there is to do; calling again imports
    only what could not be imported before. Returns what went wrong, module by module.
    """
    names = dict.fromkeys([*packages, *(point.value for point in entry_points(group=group))])
    return [problem for name in names for problem in _import_all(name)]


def _import_all(name: str) -> list[DiscoveryProblem]:
    problem, path = _import(name)
    problems = [problem] if problem else []
    for module in pkgutil.iter_modules(path, prefix=f"{name}."):
        problems += _import_all(module.name)
    return problems


def _import(name: str) -> tuple[DiscoveryProblem | None, list[str]]:
    """Import one module; return what went wrong, and where its submodules are."""
    try:
        module = importlib.import_module(name)
    except Exception as error:  # noqa: BLE001 - one organisation's fault must not hide the others' runbooks
        reason = f"{name} could not be imported ({type(error).__name__}): {error}"
        return DiscoveryProblem(module=name, reason=reason), []
    return None, list(getattr(module, "__path__", ()))
