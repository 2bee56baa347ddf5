"""Workflows in the Django admin, to look at."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from automation.models import Workflow
from automation.selectors import workflow_files
from automation.workflows import Form
from opsmanager.common.admin_parts import RUNS, ReadOnly, called, mark


@admin.register(Workflow)
class WorkflowAdmin(ReadOnly, admin.ModelAdmin[Workflow]):
    """Workflows, to look at: they are checked as a whole where they are saved."""

    section, rank = RUNS, 40
    about = "Runbooks that follow one another. They are made and changed on the page of workflows."
    list_display = ("name", "state", "version", "saved_by", "updated_at")
    list_filter = (("is_active", called("whether it is switched on")),)
    search_fields = ("name", "description")
    search_help_text = "A workflow"
    list_select_related = ("saved_by",)
    ordering = ("name",)
    fields = ("name", "description", "state", "version", "saved_by", "as_yaml")
    readonly_fields = ("state", "saved_by", "as_yaml")

    def view_on_site(self, workflow: Workflow) -> str:
        """Return its page."""
        return reverse("automation:workflow_detail", args=[workflow.pk])

    @admin.display(description="State", ordering="is_active")
    def state(self, workflow: Workflow) -> SafeString:
        """Whether it can be run."""
        if workflow.is_active:
            return mark("good", "circle-check", "On")
        return mark("idle", "ban", "Switched off")

    @admin.display(description="What it does")
    def as_yaml(self, workflow: Workflow) -> SafeString:
        """The definition as YAML."""
        text = workflow_files.exported(workflow, Form.YAML).text
        return format_html("<pre>{}</pre>", text)
