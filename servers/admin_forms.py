"""The forms of servers, groups and credentials in the Django admin."""

from collections.abc import Callable
from typing import Any, ClassVar, Final

from django import forms
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.contrib.auth.models import Group
from django.utils.html import format_html
from django.utils.safestring import SafeString

from opsmanager.accounts import permissions
from opsmanager.accounts.models import User
from opsmanager.common.problems import Invalid
from opsmanager.common.widgets import SecretTextarea
from servers.models import AuthType, Credential, Server
from servers.services import grants, names, tending

_FIELDS: Final = {
    "maintenanceReason": "maintenance_reason",
    "maintenanceUntil": "maintenance_until",
}


class CredentialForm(forms.ModelForm[Credential]):
    """A credential whose secrets go in and never come out."""

    password = forms.CharField(
        required=False,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text="Left empty, a kept one stays. Nobody can read it again.",
    )
    private_key = forms.CharField(
        required=False,
        strip=False,
        widget=SecretTextarea({"rows": 6}),
        help_text="As in ~/.ssh/id_ed25519. Left empty, a kept one stays.",
    )
    passphrase = forms.CharField(
        required=False,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text="Of the private key, if it has one",
    )

    class Meta:
        model = Credential
        fields: ClassVar = ["name", "username", "auth_type"]
        labels: ClassVar = {"username": "User name", "auth_type": "Logs in with"}
        help_texts: ClassVar = {
            "name": "What people call it, such as “ops on the web servers”",
            "username": "On the server: root, or one that may use sudo without a password",
        }

    def clean(self) -> dict[str, Any]:
        """Want the secret of the kind, unless one is kept already."""
        values = super().clean() or {}
        is_password = values.get("auth_type") == AuthType.PASSWORD
        field = "password" if is_password else "private_key"
        if not values.get(field) and not getattr(self.instance, f"sealed_{field}"):
            self.add_error(field, "Enter it; it is sealed at once and never shown again.")
        return values


class TwoLists(FilteredSelectMultiple):
    """The admin's two lists in a box: their script puts them first in it, else before the label."""

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        """Return the lists in the box."""
        return format_html(
            '<div class="related-widget-wrapper">{}</div>', super().render(*args, **kwargs)
        )


class OperatorsForm(forms.ModelForm[Any]):
    """A server or a group, with who may run runbooks there beside those who may everywhere."""

    operators = forms.ModelMultipleChoiceField(
        User.objects.filter(is_active=True).order_by("username"),
        required=False,
        widget=TwoLists("users", is_stacked=False),
        help_text="Users who may run runbooks here, if their role lets them run any.",
    )
    operator_roles = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"),
        required=False,
        widget=TwoLists("roles", is_stacked=False),
        help_text="Roles whose members all may run runbooks here. Administrators may anyway.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Someone who only looks at the page gets it without its fields.
        if not self.instance._state.adding and "operators" in self.fields:  # noqa: SLF001 - Django's public API
            users, groups = permissions.holders(grants.permission_for(self.instance), self.instance)
            # A user who was switched off keeps what was granted until it is withdrawn here.
            self.fields["operators"].queryset |= users  # type: ignore[attr-defined]
            self.initial.update(operators=users, operator_roles=groups)

    def clean(self) -> dict[str, Any]:
        """Refuse maintenance without an end that can be, and names that are another server's."""
        values = super().clean() or {}
        if not values.get("in_maintenance"):
            values |= {"maintenance_reason": "", "maintenance_until": None}
        self._check(lambda: tending.wanted(self.instance, values))
        if "aliases" in values:
            self._check(lambda: self._name(values))
        return values

    def _name(self, values: dict[str, Any]) -> None:
        values["aliases"] = names.tidy(values["aliases"])
        called = Server(pk=self.instance.pk, name=values.get("name", ""))
        names.require_own(called, values["aliases"])

    def _check(self, look: Callable[[], object]) -> None:
        try:
            look()
        except Invalid as problem:
            for name, said in problem.details.items():
                field = _FIELDS.get(name, name)
                self.add_error(field if field in self.fields else None, said)
