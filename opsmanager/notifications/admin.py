"""Channels in the Django admin, and what was sent, to look at."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from opsmanager.accounts import places
from opsmanager.accounts.models import User
from opsmanager.accounts.requests import user_of
from opsmanager.common.admin_parts import FACTS, HOUSE, LongList, ReadOnly, badge, called, mark
from opsmanager.common.templatetags.values import words
from opsmanager.common.widgets import SecretTextarea
from opsmanager.notifications import channels, child, runbooks, selectors
from opsmanager.notifications.message import EVENTS, SENTENCES, SEVERITIES
from opsmanager.notifications.models import Channel, Delivery, DeliveryState

_ALL = "Nothing ticked stands for all."
_STATES = {
    DeliveryState.PENDING: ("idle", "hourglass", "Waiting"),
    DeliveryState.SENT: ("good", "circle-check", "Sent"),
    DeliveryState.FAILED: ("bad", "circle-x", "Failed"),
}


class ChannelForm(forms.ModelForm[Channel]):
    """A channel whose address goes in and never comes out."""

    user: User
    """Who is asked; set for each request."""
    url = forms.CharField(
        required=False,
        max_length=2000,
        label="Address",
        widget=SecretTextarea({"rows": 2}),
        help_text="As Apprise writes it, such as slack://TokenA/TokenB/TokenC/#noc. Left empty, a "
        "kept one stays. Nobody can read it again.",
    )
    events = forms.MultipleChoiceField(
        required=False,
        choices=[(each.value, SENTENCES[each]) for each in EVENTS],
        widget=forms.CheckboxSelectMultiple,
        help_text=_ALL,
    )
    severities = forms.MultipleChoiceField(
        required=False,
        choices=[(each, words(each)) for each in SEVERITIES],
        widget=forms.CheckboxSelectMultiple,
        help_text=_ALL,
    )
    runbook_ids = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Runbooks", help_text=_ALL
    )
    group_ids = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Server groups", help_text=_ALL
    )

    class Meta:
        model = Channel
        fields: ClassVar = ["name", "is_active", "quiet_minutes"]
        labels: ClassVar = {"is_active": "Switched on", "quiet_minutes": "Quiet for, minutes"}
        help_texts: ClassVar = {
            "quiet_minutes": "For so long the same is not sent again; its repeats are counted."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Someone who only looks at the page gets it without its fields.
        if "group_ids" not in self.fields:
            return
        groups = [(str(each.id), each.name) for each in places.of(self.user) if each.is_group]
        self._offer("runbook_ids", [*runbooks.known().items()])
        self._offer("group_ids", groups)
        for name in channels.LISTS:
            self.initial[name] = [str(value) for value in getattr(self.instance, name)]

    def clean(self) -> dict[str, Any]:
        """Want an address that can be used, unless one is kept already."""
        values = super().clean() or {}
        url = values.get("url", "").strip()
        if url and not (answer := child.look(url)).ok:
            self.add_error("url", answer.reason)
        if not url and not self.instance.sealed_url:
            self.add_error("url", "Enter it; it is sealed at once and never shown again.")
        return values

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        known = {value for value, _ in choices}
        gone = [str(value) for value in getattr(self.instance, name) if str(value) not in known]
        field: Any = self.fields[name]
        field.choices = [*choices, *((value, f"{value} (is gone)") for value in gone)]


@admin.register(Channel)
class ChannelAdmin(admin.ModelAdmin[Channel]):
    """Channels; an address left empty stays as it is."""

    section, rank = HOUSE, 5
    about = "Where people are told what happened: mail, Slack, Teams, PagerDuty, webhooks."
    form = ChannelForm
    list_display = ("name", "shown_url", "state", "last", "updated_at")
    list_filter = (("is_active", called("whether it is switched on")),)
    search_fields = ("name",)
    search_help_text = "A name"
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "url", "is_active", "quiet_minutes")}),
        ("What goes there", {"fields": ("events", "severities", "runbook_ids", "group_ids")}),
    )

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Return the form for whoever asks."""
        made = super().get_form(request, *args, **kwargs)
        return type("ChannelForm", (made,), {"user": request.user})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        """Return the channels, each with its last result."""
        return selectors.with_last(super().get_queryset(request))

    def view_on_site(self, channel: Channel) -> str:
        """Return its page, where it can be tried."""
        return reverse("notifications:channel_detail", args=[channel.pk])

    @admin.display(description="State", ordering="is_active")
    def state(self, channel: Channel) -> SafeString:
        """Whether anything is sent there."""
        if channel.is_active:
            return mark("good", "circle-check", "On")
        return mark("idle", "ban", "Switched off")

    @admin.display(description="Last result")
    def last(self, channel: Channel) -> SafeString | str:
        """What came of the last delivery."""
        state = channel.last_state  # type: ignore[attr-defined] # annotated above
        return mark(*_STATES[DeliveryState(state)]) if state else ""

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        """Save through the service, which seals and audits."""
        values = form.cleaned_data
        row = channels.save(actor=user_of(request), channel=obj if change else None, **values)
        obj.pk = row.pk

    def delete_model(self, request: HttpRequest, obj: Channel) -> None:
        """Delete through the service, which audits."""
        channels.delete(actor=user_of(request), channel=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        """Delete each through the service."""
        for row in queryset:
            self.delete_model(request, row)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, LongList, admin.ModelAdmin[Delivery]):
    """What was sent, to look at; its own page sends it again."""

    section, rank = FACTS, 40
    about = "What channels were told, and whether it arrived. Its own page sends it again."
    list_display = ("created_at", "title", "how_bad", "standing", "channel", "error")
    list_filter = ("state", "event", "severity", ("channel", called("channel")))
    search_fields = ("title",)
    search = staticmethod(selectors.search)
    search_help_text = "Words of a title, or a channel"
    list_select_related = ("channel",)
    ordering = ("-created_at", "-pk")

    def view_on_site(self, delivery: Delivery) -> str:
        """Return its page."""
        return reverse("notifications:delivery_detail", args=[delivery.pk])

    @admin.display(description="Severity", ordering="severity")
    def how_bad(self, delivery: Delivery) -> SafeString | str:
        """Its severity, by colour and word."""
        return badge(delivery.severity)

    @admin.display(description="State", ordering="state")
    def standing(self, delivery: Delivery) -> SafeString:
        """Whether it arrived."""
        return mark(*_STATES[DeliveryState(delivery.state)])
