"""Servers, groups and credentials in the Django admin."""

from typing import Any, Final

from django import forms
from django.contrib import admin
from django.db.models import Count, DateTimeField, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from opsmanager.accounts.requests import user_of
from opsmanager.common.admin_parts import PLACES, ReadOnly, called, link, mark
from opsmanager.common.widgets import MinuteInput
from servers.admin_forms import CredentialForm, OperatorsForm
from servers.models import Credential, HostKey, HostKeyState, Server, ServerGroup
from servers.services import credentials, grants, servers, tending

_TENDED_LABELS: Final = {
    "in_maintenance": "In maintenance",
    "maintenance_reason": "Why",
    "maintenance_until": "Until",
}
_TENDED_HELP: Final = {
    "in_maintenance": "Somebody works there: no schedule and no rule starts anything.",
    "maintenance_until": "In UTC, within 30 days; left empty, until somebody ends it",
}


def _those_servers(count: int, query: str) -> SafeString:
    """Return how many servers there are, leading to the list of them that ``query`` asks for."""
    where = f"{reverse('admin:servers_server_changelist')}?{query}"
    return link(where, f"{count} server{'' if count == 1 else 's'}")


@admin.register(Credential)
class CredentialAdmin(admin.ModelAdmin[Credential]):
    """Credentials; a secret left empty stays as it is."""

    section, rank = PLACES, 30
    about = "How OpsManager logs in. Secrets are sealed at once; nobody can read them again."
    form = CredentialForm
    list_display = ("name", "username", "auth_type", "used_by", "updated_at")
    list_filter = (("auth_type", called("kind")), ("updated_at", called("last change")))
    search_fields = ("name", "username")
    search_help_text = "A credential's or a user's name"
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Credential]:
        """Return the credentials, each with how many servers use it."""
        return super().get_queryset(request).annotate(used=Count("servers"))

    @admin.display(description="Used by", ordering="used")
    def used_by(self, row: Credential) -> SafeString:
        """How many servers use it, leading to them."""
        count: int = row.used  # type: ignore[attr-defined] # annotated above
        if not count:
            return mark("idle", "info", "No server")
        return _those_servers(count, f"credential__id__exact={row.pk}")

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


class OperatorsAdmin(admin.ModelAdmin[Any]):
    """What servers and groups have in common: who may run runbooks there."""

    form = OperatorsForm
    formfield_overrides = {
        DateTimeField: {"form_class": forms.DateTimeField, "widget": MinuteInput}
    }

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

    section, rank = PLACES, 10
    about = "The machines that runbooks reach over SSH, and who may run runbooks on each."
    list_display = ("name", "address", "kind", "state", "answers", "credential", "checked_at")
    list_filter = (
        "environment",
        ("groups", called("group")),
        ("reachable", called("whether it was reached")),
        ("is_active", called("whether it is switched on")),
        ("in_maintenance", called("maintenance")),
        "platform",
        ("credential", called("credential")),
    )
    search_fields = ("name", "hostname")
    search_help_text = "A name or an address"
    list_select_related = ("credential",)
    ordering = ("name",)
    autocomplete_fields = ("credential",)
    filter_horizontal = ("groups",)
    fieldsets = (
        (None, {"fields": ("name", ("hostname", "port"), "aliases", ("environment", "platform"))}),
        ("Whether runbooks run here", {"fields": ("is_active", "approvals", *tending.FIELDS)}),
        ("How OpsManager gets in", {"fields": ("zone", "credential", "keeps_records")}),
        ("What it belongs to", {"fields": ("groups", "tags", "description")}),
        ("Who may run runbooks here", {"fields": ("operators", "operator_roles")}),
    )

    def view_on_site(self, server: Server) -> str:
        """Return the server's page."""
        return reverse("servers:server_detail", args=[server.pk])

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Return the form, with the words of the server's own page."""
        kwargs["labels"] = {
            "hostname": "Host name",
            "zone": "Network zone",
            "is_active": "Switched on",
            "approvals": "Approvals by others",
            **_TENDED_LABELS,
            "keeps_records": "Keep records on the server",
        }
        kwargs["help_texts"] = {
            "is_active": "Off, nothing runs here. What ran stays in the history.",
            **_TENDED_HELP,
            "aliases": "Other names by which alerts call it, separated by commas",
            "environment": "On production ones, whoever runs something types the server's name.",
            "tags": "Separated by commas",
        }
        return super().get_form(request, *args, **kwargs)

    @admin.display(description="Environment", ordering="environment")
    def kind(self, server: Server) -> SafeString:
        """What it is for; production is what one has to notice."""
        word = str(server.get_environment_display())
        return mark("warn", "lock", word) if server.is_production else mark("idle", "tag", word)

    @admin.display(description="State", ordering="is_active")
    def state(self, server: Server) -> SafeString:
        """Whether runbooks run there."""
        if not server.is_active:
            return mark("idle", "ban", "Switched off")
        if server.is_tended:
            return mark("odd", "maintenance", "Maintenance")
        return mark("good", "circle-check", "On")

    @admin.display(description="Reachable", ordering="reachable")
    def answers(self, server: Server) -> SafeString:
        """What the last check found."""
        if server.reachable is None:
            return mark("idle", "question", "Not checked")
        if server.reachable:
            return mark("good", "online", "Reachable")
        return mark("bad", "offline", "Not reachable")

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

    section, rank = PLACES, 20
    about = "Named sets of servers, to run on, to grant and to put in maintenance at once."
    list_display = ("name", "members", "description")
    search_fields = ("name", "description")
    search_help_text = "A group's name, or words about it"
    ordering = ("name",)

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Return the form, with the words of maintenance."""
        kwargs |= {"labels": _TENDED_LABELS, "help_texts": _TENDED_HELP}
        return super().get_form(request, *args, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServerGroup]:
        """Return the groups, each with how many servers it has."""
        rows: QuerySet[ServerGroup] = super().get_queryset(request)
        return rows.annotate(size=Count("servers"))

    @admin.display(description="Servers", ordering="size")
    def members(self, group: ServerGroup) -> SafeString:
        """How many servers it has, leading to them."""
        count: int = group.size  # type: ignore[attr-defined] # annotated above
        if not count:
            return mark("warn", "info", "Empty")
        return _those_servers(count, f"groups__id__exact={group.pk}")

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

    section, rank = PLACES, 40
    about = "By which servers prove that they are themselves. They are accepted on a server's page."
    list_display = ("server", "standing", "type", "fingerprint", "seen_at", "accepted_by")
    list_filter = ("state", "type", ("seen_at", called("when it was seen")))
    search_fields = ("server__name", "fingerprint")
    search_help_text = "A server's name or a fingerprint"
    list_select_related = ("server", "accepted_by")
    ordering = ("server__name", "state")

    def view_on_site(self, key: HostKey) -> str:
        """Return the page of its server, where keys are accepted."""
        return reverse("servers:server_detail", args=[key.server_id])

    @admin.display(description="State", ordering="state")
    def standing(self, key: HostKey) -> SafeString:
        """What it is to us."""
        if key.state == HostKeyState.ACCEPTED:
            return mark("good", "fingerprint", "Accepted")
        if key.state == HostKeyState.OFFERED:
            return mark("warn", "question", "Offered, not accepted")
        return mark("idle", "history", "Former")
