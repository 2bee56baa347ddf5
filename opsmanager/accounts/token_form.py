"""The form in which a person limits a new API token."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib.auth.models import Permission
from django.utils import timezone

from opsmanager.accounts import api_tokens, permissions, places, roles
from opsmanager.accounts.models import User
from opsmanager.accounts.models.api_token import LONGEST_NAME

_DAYS: Final = (7, 30, 90, 180, 365)
_ONLY_IN_THE_ADMIN: Final = (
    "accounts",
    "admin",
    "auth",
    "contenttypes",
    "django_celery_beat",
    "guardian",
    "sessions",
)
READ, EVERYTHING, CHOSEN = "READ", "ALL", "CHOSEN"


class ApiTokenForm(forms.Form):
    """Name, end, permissions and servers. What is ticked always limits; nothing ticked, nothing."""

    name = forms.CharField(
        max_length=LONGEST_NAME, help_text="What it is for, such as “ChatOps bot”."
    )
    days = forms.TypedChoiceField(
        label="Expires in",
        coerce=int,
        choices=[(days, f"{days} days" if days < 365 else "a year") for days in _DAYS],
        initial=api_tokens.USUAL.days,
    )
    access = forms.ChoiceField(
        label="What may it do?",
        choices=[
            (READ, "Only look"),
            (EVERYTHING, "All that I may"),
            (CHOSEN, "What I tick"),
        ],
        initial=READ,
    )
    permissions = forms.MultipleChoiceField(required=False)
    groups = forms.TypedMultipleChoiceField(required=False, coerce=UUID)
    servers = forms.TypedMultipleChoiceField(required=False, coerce=UUID)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held = permissions.held(user)
        seen = places.of(user)
        self._offer("permissions", _labels(self._held))
        self._offer("groups", [(str(each.id), each.name) for each in seen if each.is_group])
        self._offer("servers", [(str(each.id), each.name) for each in seen if not each.is_group])

    @property
    def is_choosing(self) -> bool:
        """Whether the list of permissions is to be seen at once."""
        return bool(self["access"].value() == CHOSEN or self["permissions"].errors)

    def clean(self) -> dict[str, Any]:
        """Refuse ticks that would not count."""
        found: dict[str, Any] = super().clean() or {}
        ticked, access = found.get("permissions"), found.get("access")
        if access == CHOSEN and not ticked and "permissions" not in self.errors:
            self.add_error("permissions", "Tick what it may do.")
        if access in (READ, EVERYTHING) and ticked:
            self.add_error("access", "Choose “What I tick”, or untick the permissions.")
        return found

    def limits(self) -> api_tokens.Limits:
        """Return what was chosen; valid already."""
        groups, servers = self.cleaned_data["groups"], self.cleaned_data["servers"]
        is_limited = bool(groups or servers)
        return api_tokens.Limits(
            permissions=self._permissions(is_limited=is_limited),
            server_ids=servers if is_limited else None,
            group_ids=groups if is_limited else None,
        )

    def expires_at(self) -> datetime:
        """Return when it is to end."""
        return timezone.now() + timedelta(days=self.cleaned_data["days"])

    def _permissions(self, *, is_limited: bool) -> list[str] | None:
        access = self.cleaned_data["access"]
        if access == EVERYTHING:
            return None
        if access == CHOSEN:
            return list(self.cleaned_data["permissions"])
        return [
            name
            for name in sorted(self._held)
            if roles.only_looks(name) and (not is_limited or roles.keeps_to_servers(name))
        ]

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - all three are
        field.choices = choices


def _labels(held: set[str]) -> list[tuple[str, str]]:
    """Return the permissions that the API asks for, with what Django calls them, app by app."""
    rows = Permission.objects.select_related("content_type").order_by(
        "content_type__app_label", "content_type__model", "codename"
    )
    rows = rows.exclude(content_type__app_label__in=_ONLY_IN_THE_ADMIN)
    named = ((f"{row.content_type.app_label}.{row.codename}", row.name) for row in rows)
    return [(name, label) for name, label in named if name in held]
