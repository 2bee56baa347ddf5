"""The form with which a runbook is run on several servers at once."""

from typing import Any

from django import forms
from django.db.models import Count, Min, Q, QuerySet

from automation.engine.runbook import Runbook
from automation.web.run_form import ParameterForm
from servers.models import Environment, Server, ServerGroup

_MOST = 1000


class BatchForm(ParameterForm):
    """Parameters of one runbook, the servers or their group, and how careful to be."""

    servers = forms.ModelMultipleChoiceField(
        queryset=Server.objects.none(),
        required=False,
        error_messages={
            "invalid_choice": "One of the servers is not to be chosen here, or not any more.",
            "invalid_pk_value": "One of the servers is not to be chosen here, or not any more.",
        },
    )
    group = forms.ModelChoiceField(
        queryset=ServerGroup.objects.none(),
        required=False,
        empty_label="No group: the servers chosen below",
        label="Server group",
    )
    max_parallel = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=_MOST,
        label="At once",
        help_text="How many run at the same time at most; empty for no limit",
    )
    stop_after_failures = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=_MOST,
        label="Stop after failures",
        help_text="After how many failed ones the rest is not begun; empty for never",
    )

    def __init__(
        self,
        *args: Any,
        runbook: type[Runbook],
        servers: QuerySet[Server],
        groups: QuerySet[ServerGroup],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, runbook=runbook, **kwargs)
        # Also those on which it will be refused: the batch says why.
        active = Q(servers__is_active=True)
        in_production = active & Q(servers__environment=Environment.PRODUCTION)
        counted = groups.annotate(
            active=Count("servers", filter=active, distinct=True),
            in_production=Count("servers", filter=in_production, distinct=True),
            production_name=Min("servers__name", filter=in_production),
        ).filter(active__gt=0)
        for name, rows in (("servers", servers), ("group", counted)):
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows

    def clean(self) -> dict[str, Any]:
        """Want servers or a group, and not both."""
        values = super().clean() or {}
        if "servers" in self.errors or "group" in self.errors:
            return values
        if values.get("group") and values.get("servers"):
            self.add_error("servers", "Choose servers or a group, not both.")
        elif not values.get("group") and not values.get("servers"):
            self.add_error("servers", "Choose at least one server, or a group.")
        return values

    def chosen(self) -> set[str]:
        """Return the ids of the servers that are ticked."""
        value = self["servers"].value() or []
        return {str(getattr(each, "pk", each)) for each in value}

    def parameter_fields(self) -> list[forms.BoundField]:
        """Return the runbook's own fields."""
        return [self[name] for name in self.described]
