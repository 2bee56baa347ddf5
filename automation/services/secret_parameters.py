"""Sealing the secret parameters of a launch, so that nobody but a worker can read them again."""

from collections.abc import Mapping
from typing import Any

from automation.engine import params
from automation.engine.runbook import Runbook
from automation.models import CatalogEntry, SecretParameters
from opsmanager.common import vault


def sealed(
    entry: CatalogEntry, runbook: Runbook, *, kept: SecretParameters | None
) -> SecretParameters | None:
    """Store the runbook's secret parameters sealed; ``None`` where it has none.

    ``kept`` holds those given before: they stay where the launch gives no others. Raises
    :class:`Unavailable` where nothing can be sealed.
    """
    given = {name: value for name, value in params.secrets(runbook).items() if value}
    if not given:
        return kept
    row = SecretParameters(runbook=entry)
    row.sealed = {
        name: vault.seal(value, row=str(row.pk), field=row.place_of(name))
        for name, value in given.items()
    }
    row.save(force_insert=True)
    return row


def are_given(kind: type[Runbook], parameters: Mapping[str, Any]) -> bool:
    """Whether any secret parameter of the runbook is among these."""
    names = params.secret_names(kind)
    return any(name in parameters for pair in names.items() for name in pair)
