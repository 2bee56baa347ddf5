"""Servers, groups and credentials in the Django admin."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from opsmanager.accounts import permissions
from opsmanager.accounts.models import User
from opsmanager.accounts.requests import user_of
from opsmanager.common.admin import ReadOnly
from opsmanager.common.widgets import SecretTextarea
from servers.models import AuthType, Credential, HostKey, Server, ServerGroup
from servers.services import credentials, grants, servers


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


class OperatorsAdmin(admin.ModelAdmin[Any]):
    """What servers and groups have in common: who may run runbooks there."""

    form = OperatorsForm

    def fields_of(self, form: OperatorsForm) -> dict[str, Any]:
        """Return what the form says of the row itself."""
        own = ("operators", "operator_roles")
        return {name: value for name, value in form.cleaned_data.items() if name not in own}

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Grant and withdraw through the service; it has done the rest already."""
        if {"operators", "operator_roles"} & set(form.changed_data):
            grants.set_operators(
                row=form.instance,
                users=form.cleaned_data["operators"],
                groups=form.cleaned_data["operator_roles"],
            )


@admin.register(Server)
class ServerAdmin(OperatorsAdmin):
    """Servers."""

    list_display = ("name", "hostname", "port", "environment", "is_active", "reachable")
    list_filter = ("environment", "platform", "is_active", "in_maintenance", "groups")
    search_fields = ("name", "hostname")
    autocomplete_fields = ("credential",)
    filter_horizontal = ("groups",)

    def save_model(self, request: HttpRequest, obj: Server, form: Any, change: bool) -> None:
        """Save through the service, which audits and retires the key of a moved server."""
        row = Server.objects.get(pk=obj.pk) if change else None
        obj.pk = servers.save(actor=user_of(request), server=row, **self.fields_of(form)).pk

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
class ServerGroupAdmin(OperatorsAdmin):
    """Server groups."""

    list_display = ("name", "description")
    search_fields = ("name",)

    def save_model(self, request: HttpRequest, obj: ServerGroup, form: Any, change: bool) -> None:
        """Save through the service, which audits."""
        row = obj if change else None
        obj.pk = servers.save_group(actor=user_of(request), group=row, **self.fields_of(form)).pk

    def delete_model(self, request: HttpRequest, obj: ServerGroup) -> None:
        """Delete through the service, which audits."""
        servers.delete_group(actor=user_of(request), group=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ServerGroup]) -> None:
        """Delete each through the service."""
        for row in queryset:
            self.delete_model(request, row)


@admin.register(HostKey)
class HostKeyAdmin(ReadOnly, admin.ModelAdmin[HostKey]):
    """Host keys, to look at; they are accepted on a server's page."""

    list_display = ("server", "state", "type", "fingerprint", "seen_at", "accepted_by")
    list_filter = ("state", "type")
    search_fields = ("server__name", "fingerprint")
