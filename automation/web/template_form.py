"""The forms of a template: what is saved of it, and where it runs this time."""

from typing import Any

from django import forms

from automation.models import Template
from automation.web.place_form import PlaceForm


class TemplateForm(PlaceForm):
    """What a template is called and where it runs; its parameters are in a form of their own."""

    name = forms.CharField(
        max_length=100, help_text="What people call it, such as “Restart the shop”"
    )
    description = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 2}),
        help_text="When to use it, and when not",
    )

    field_order = ("name", "description", "server", "group")

    @staticmethod
    def of(template: Template) -> dict[str, Any]:
        """Return what the form shows of a template."""
        return {
            "name": template.name,
            "description": template.description,
            "server": template.server_id,
            "group": template.server_group_id,
        }

    def fields_of_template(self) -> dict[str, Any]:
        """Return what the service takes."""
        values = self.cleaned_data
        return {
            "name": values["name"],
            "description": values["description"],
            "server": values["server"],
            "server_group": values["group"],
        }


class TemplateRunForm(PlaceForm):
    """Where a template runs this time, and why."""

    reason = forms.CharField(
        required=False,
        max_length=2000,
        help_text="Why you run it; kept with the execution and in the audit trail",
    )

    def clean(self) -> dict[str, Any]:
        """Want a place."""
        values = super().clean()
        if not self.errors and not values.get("server") and not values.get("group"):
            self.add_error("server", "Choose a server, or a group.")
        return values
