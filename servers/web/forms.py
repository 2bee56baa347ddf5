"""The form of a server, with a new credential in the same place for a first one."""

from typing import Any, ClassVar

from django import forms

from opsmanager.common.widgets import SecretTextarea
from servers.models import AuthType, Credential, Server

_NAME_LENGTH = 100
"""What a credential's name may have at most."""


class ServerForm(forms.ModelForm[Server]):
    """A server, and either a known credential or a new one."""

    new_username = forms.CharField(
        required=False, max_length=100, label="User name", help_text="Such as root or ops"
    )
    new_private_key = forms.CharField(
        required=False,
        max_length=16384,
        strip=False,
        label="Private key",
        widget=SecretTextarea({"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
        help_text="As in ~/.ssh/id_ed25519; sealed at once and never shown again",
    )
    new_passphrase = forms.CharField(
        required=False,
        max_length=1024,
        strip=False,
        label="Passphrase of the key",
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    new_password = forms.CharField(
        required=False,
        max_length=1024,
        strip=False,
        label="Password",
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text="Instead of a key; sealed at once and never shown again",
    )

    class Meta:
        model = Server
        fields: ClassVar = [
            "name",
            "hostname",
            "port",
            "aliases",
            "platform",
            "environment",
            "zone",
            "description",
            "credential",
            "groups",
            "approvals",
            "is_active",
            "keeps_records",
        ]
        labels: ClassVar = {
            "hostname": "Host name",
            "zone": "Network zone",
            "approvals": "Approvals by others",
            "is_active": "Active: runbooks may run here",
            "keeps_records": "Keep records on the server",
        }
        help_texts: ClassVar = {
            "aliases": "Other names by which alerts call it, separated by commas",
        }
        widgets: ClassVar = {"description": forms.Textarea({"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        approvals = self.fields["approvals"]
        approvals.required = False
        approvals.widget.attrs["required"] = True

    def clean_approvals(self) -> int:
        """Leave it as it is where nothing was said: nobody takes a guard away by saying nothing."""
        given: int | None = self.cleaned_data["approvals"]
        return self.instance.approvals if given is None else given

    def clean(self) -> dict[str, Any]:
        """Refuse half a credential, and two at once."""
        values = super().clean() or {}
        username = values.get("new_username")
        key, password = values.get("new_private_key"), values.get("new_password")
        if not username and (key or password):
            self.add_error("new_username", "Enter the user name that the key or password is of.")
        if username and bool(key) == bool(password):
            self.add_error("new_private_key", "Enter either a private key or a password.")
        if username and values.get("credential"):
            self.add_error("credential", "Choose a known credential or enter a new one, not both.")
        return values

    def new_credential(self) -> dict[str, Any] | None:
        """Return the fields of the new credential, if one was entered."""
        values = self.cleaned_data
        if not values["new_username"]:
            return None
        is_key = bool(values["new_private_key"])
        return {
            "name": _free_name(f"{values['new_username']}@{values['name']}"),
            "username": values["new_username"],
            "auth_type": AuthType.PRIVATE_KEY if is_key else AuthType.PASSWORD,
            "password": values["new_password"],
            "private_key": values["new_private_key"],
            "passphrase": values["new_passphrase"],
        }

    def server_fields(self) -> dict[str, Any]:
        """Return the server's own fields but its groups."""
        return {
            name: self.cleaned_data[name]
            for name in self.Meta.fields
            if name in self.cleaned_data and name != "groups"
        }


def _free_name(wanted: str) -> str:
    name, number = wanted[:_NAME_LENGTH], 1
    while Credential.objects.filter(name=name).exists():
        number += 1
        name = f"{wanted[: _NAME_LENGTH - len(f' {number}')]} {number}"
    return name
