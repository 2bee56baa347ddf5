"""Servers, groups and credentials in the Django admin."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from opsmanager.accounts.requests import user_of
from opsmanager.common.widgets import SecretTextarea
from servers.models import AuthType, Credential, HostKey, Server, ServerGroup
from servers.services import credentials, servers


class CredentialForm(forms.ModelForm[Credential]):
    """A credential whose secrets go in and never come out."""

    password = forms.CharField(
        required=False, strip=False, widget=forms.PasswordInput({"autocomplete": "new-password"})
    )
    private_key = forms.CharField(required=False, strip=False, widget=SecretTextarea({"rows": 6}))
    passphrase = forms.CharField(
        required=False, strip=False, widget=forms.PasswordInput({"autocomplete": "new-password"})
    )

    class Meta:
        model = Credential
        fields: ClassVar = ["name", "username", "auth_type"]

    def clean(self) -> dict[str, Any]:
        """Want the secret of the kind, unless one is kept already."""
        values = super().clean() or {}
        is_password = values.get("auth_type") == AuthType.PASSWORD
        field = "password" if is_password else "private_key"
        if not values.get(field) and not getattr(self.instance, f"sealed_{field}"):
            self.add_error(field, "Enter it; it is sealed at once and never shown again.")
        return values


@admin.register(Credential)
class CredentialAdmin(admin.ModelAdmin[Credential]):
    """Credentials; a secret left empty stays as it is."""

    form = CredentialForm
    list_display = ("name", "username", "auth_type", "updated_at")
    list_filter = ("auth_type",)
    search_fields = ("name", "username")

    def save_model(self, request: HttpRequest, obj: Credential, form: Any, change: bool) -> None:
        """Save through the service, which seals and audits."""
        values = form.cleaned_data
        row = credentials.save(actor=user_of(request), credential=obj if change else None, **values)
        obj.pk = row.pk

    def delete_model(self, request: HttpRequest, obj: Credential) -> None:
        """Delete through the service, which audits."""
        credentials.delete(actor=user_of(request), credential=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        """Delete each through the service."""
        for row in queryset:
            self.delete_model(request, row)


@admin.register(Server)
class ServerAdmin(admin.ModelAdmin[Server]):
    """Servers."""

    list_display = ("name", "hostname", "port", "environment", "is_active", "reachable")
    list_filter = ("environment", "platform", "is_active", "in_maintenance", "groups")
    search_fields = ("name", "hostname")
    autocomplete_fields = ("credential",)
    filter_horizontal = ("groups",)

    def save_model(self, request: HttpRequest, obj: Server, form: Any, change: bool) -> None:
        """Save through the service, which audits and retires the key of a moved server."""
        row = Server.objects.get(pk=obj.pk) if change else None
        obj.pk = servers.save(actor=user_of(request), server=row, **form.cleaned_data).pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The service has put the server into its groups already."""

    def delete_model(self, request: HttpRequest, obj: Server) -> None:
        """Delete through the service, which audits."""
        servers.delete(actor=user_of(request), server=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Server]) -> None:
        """Delete each through the service."""
        for row in queryset:
            self.delete_model(request, row)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Let a server's keys go with it, though nobody deletes them one by one."""
        found, counts, missing, protected = super().get_deleted_objects(objs, request)
        return found, counts, missing - {"host key"}, protected


@admin.register(ServerGroup)
class ServerGroupAdmin(admin.ModelAdmin[ServerGroup]):
    """Server groups."""

    list_display = ("name", "description")
    search_fields = ("name",)

    def save_model(self, request: HttpRequest, obj: ServerGroup, form: Any, change: bool) -> None:
        """Save through the service, which audits."""
        row = obj if change else None
        obj.pk = servers.save_group(actor=user_of(request), group=row, **form.cleaned_data).pk

    def delete_model(self, request: HttpRequest, obj: ServerGroup) -> None:
        """Delete through the service, which audits."""
        servers.delete_group(actor=user_of(request), group=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ServerGroup]) -> None:
        """Delete each through the service."""
        for row in queryset:
            self.delete_model(request, row)


@admin.register(HostKey)
class HostKeyAdmin(admin.ModelAdmin[HostKey]):
    """Host keys, to look at; they are accepted on a server's page."""

    list_display = ("server", "state", "type", "fingerprint", "seen_at", "accepted_by")
    list_filter = ("state", "type")
    search_fields = ("server__name", "fingerprint")

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Keys come from servers."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Keys are facts."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Keys are kept."""
        return False
