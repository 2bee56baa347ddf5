"""When something is due, as forms ask for it: those of the pages and that of the Django admin."""

from typing import Any

from django.core.exceptions import ValidationError

from automation import cron


class DueFields:
    """Judges the fields ``cron_expression`` and ``timezone`` of a form."""

    cleaned_data: dict[str, Any]

    def clean_cron_expression(self) -> str:
        """Say what is wrong with it, and what to write."""
        try:
            return cron.normalised(self.cleaned_data["cron_expression"])
        except cron.CronInvalid as problem:
            raise ValidationError(str(problem)) from None

    def clean_timezone(self) -> str:
        """Say so where there is no such zone."""
        name = str(self.cleaned_data["timezone"])
        try:
            cron.zone(name)
        except cron.ZoneInvalid as problem:
            raise ValidationError(str(problem)) from None
        return name
