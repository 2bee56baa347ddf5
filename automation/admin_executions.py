"""Executions in the Django admin, to look at."""

from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString

from automation.models import Execution
from automation.selectors import executions
from opsmanager.common.admin_parts import FACTS, LongList, ReadOnly, badge, called


@admin.register(Execution)
class ExecutionAdmin(ReadOnly, LongList, admin.ModelAdmin[Execution]):
    """Executions, to look at: they are facts."""

    section, rank = FACTS, 10
    about = "Every run of a runbook. Rows are facts: their own pages cancel, retry and roll back."
    list_display = ("queued_at", "runbook", "server", "state", "outcome", "triggered_by_user")
    list_filter = (
        "status",
        "verdict",
        ("triggered_by", called("what started it")),
        ("is_dry_run", called("whether it was a dry run")),
        ("queued_at", called("when it was asked for")),
        ("runbook", called("runbook")),
    )
    search = staticmethod(executions.search)
    search_fields = ("runbook__runbook_id",)
    search_help_text = "A runbook, a server, a user, or words of a result"
    list_select_related = ("runbook", "server", "triggered_by_user")
    ordering = ("-queued_at", "-id")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "runbook",
                    "server",
                    ("state", "outcome"),
                    "result_summary",
                    ("error_code", "error_message"),
                    ("triggered_by", "triggered_by_user"),
                    "reason",
                    ("queued_at", "started_at", "finished_at"),
                )
            },
        ),
        (
            "How it ran",
            {
                "fields": (
                    ("is_dry_run", "changes", "priority"),
                    "parameters",
                    ("attempt", "max_retries", "timeout_seconds"),
                    ("rollback_status", "rollback_by", "rollback_at", "rollback_message"),
                    ("cancel_requested_at", "cancel_requested_by", "cancel_outcome"),
                    ("decision", "decided_by", "decided_at", "decision_reason"),
                    ("batch", "retry_of", "dry_run", "incident_id"),
                    ("api_token_name", "worker"),
                )
            },
        ),
    )
    readonly_fields = ("state", "outcome")

    def view_on_site(self, execution: Execution) -> str:
        """Return its monitor."""
        return reverse("automation:execution_detail", args=[execution.pk])

    @admin.display(description="Status", ordering="status")
    def state(self, execution: Execution) -> SafeString | str:
        """How it stands."""
        return badge(execution.status)

    @admin.display(description="Verdict", ordering="verdict")
    def outcome(self, execution: Execution) -> SafeString | str:
        """Whether it fixed anything."""
        return badge(execution.verdict)
