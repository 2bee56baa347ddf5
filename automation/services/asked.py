"""What somebody asks for when a runbook is to be run, on one server or on several."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.crypto import salted_hmac

from automation.engine import params
from automation.engine.runbook import Runbook
from automation.models import CatalogEntry, Priority, Trigger
from opsmanager.accounts.models import User


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What launches on one server and on several have in common."""

    actor: User
    runbook: CatalogEntry
    parameters: Mapping[str, Any] = field(default_factory=dict)
    is_dry_run: bool = False
    priority: Priority = Priority.NORMAL
    is_confirmed: bool = False
    """Whether the actor said to mean it, where that is asked for."""
    is_forced: bool = False
    """Whether to pass over the cooldown, which wants the permission and a reason."""
    reason: str = ""
    incident_id: UUID | None = None
    idempotency_key: str | None = None
    trigger: Trigger = Trigger.MANUAL

    def gives_secrets(self, kind: type[Runbook]) -> bool:
        """Whether any secret parameter of the runbook is among the parameters."""
        names = params.secret_names(kind)
        return any(name in self.parameters for pair in names.items() for name in pair)

    def by_token(self) -> dict[str, Any]:
        """Return the columns that say by which API token it is asked for."""
        token = self.actor.token
        return {"api_token_id": token.pk, "api_token_name": token.name} if token else {}

    def digest(self) -> str:
        """Return what tells whether two launches with one idempotency key ask for the same."""
        asked = [
            str(self.runbook.pk),
            self.parameters,
            self.is_dry_run,
            int(self.priority),
            str(self.incident_id),
            self.reason,
            *self._particulars(),
        ]
        text = json.dumps(asked, sort_keys=True, default=str)
        # With a key, since the parameters may hold a secret that is short enough to be guessed.
        return salted_hmac("automation.idempotency", text, algorithm="sha256").hexdigest()

    def _particulars(self) -> list[Any]:
        """Return what else has to be the same; JSON."""
        return []
