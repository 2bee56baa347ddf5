"""What somebody asks for when a runbook is to be run, on one server or on several."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.crypto import salted_hmac

from automation.engine.runbook import Runbook
from automation.models import STARTERS, CatalogEntry, Priority, SecretParameters, Trigger
from automation.services import secret_parameters
from opsmanager.accounts.models import User
from opsmanager.audit.trail import Actor


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What launches on one server and on several have in common."""

    actor: User
    """Whose permissions count: of what starts by itself, the owner of the schedule or rule."""
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
    trigger_name: str = ""
    """Of what starts by itself: the name of the schedule or rule."""
    schedule_id: UUID | None = None
    template_id: UUID | None = None
    workflow_run_id: UUID | None = None
    workflow_node: str = ""
    """The key of the node that asks for it."""
    previous: Mapping[str, Any] = field(default_factory=dict)
    """In a workflow: the result of the execution before it."""
    saved_secrets: SecretParameters | None = None
    """The secret parameters of a template or schedule; they count unless others are given."""

    @property
    def is_automatic(self) -> bool:
        """Whether no person asks for it now: what starts by itself says its name."""
        return self.trigger is not Trigger.MANUAL and bool(self.trigger_name)

    @property
    def told_as(self) -> Actor:
        """Return who asks for it, for the audit trail."""
        if not self.is_automatic:
            return self.actor
        return f"{STARTERS[self.trigger]}:{self.trigger_name}"

    def gives_secrets(self, kind: type[Runbook]) -> bool:
        """Whether any secret parameter of the runbook is among the parameters."""
        return secret_parameters.are_given(kind, self.parameters)

    def by_token(self) -> dict[str, Any]:
        """Return the columns that say by which API token it is asked for."""
        return token_columns(self.actor)

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
        return digest_of(asked)

    def _particulars(self) -> list[Any]:
        """Return what else has to be the same; JSON."""
        return []


def digest_of(asked: list[Any]) -> str:
    """Return what tells whether two requests with one idempotency key ask for the same; JSON."""
    text = json.dumps(asked, sort_keys=True, default=str)
    # With a key, since the parameters may hold a secret that is short enough to be guessed.
    return salted_hmac("automation.idempotency", text, algorithm="sha256").hexdigest()


def token_columns(actor: User | None) -> dict[str, Any]:
    """Return the columns that say by which API token somebody acts: its limits hold to the end."""
    token = actor.token if actor else None
    return {
        "api_token_id": token.pk if token else None,
        "api_token_name": token.name if token else "",
    }
