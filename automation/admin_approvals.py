"""Approvals in the Django admin, to look at."""

from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString

from automation.models import Approval
from automation.selectors import approvals
from opsmanager.common.admin_parts import FACTS, LongList, ReadOnly, badge, called


@admin.register(Approval)
class ApprovalAdmin(ReadOnly, LongList, admin.ModelAdmin[Approval]):
    """Approvals, to look at: they are facts."""

    section, rank = FACTS, 15
    about = "What was asked of other people, and what they said. It is given on its own page."
    list_display = ("asked_at", "title", "shown_state", "needed", "asked_by", "decided_at")
    list_filter = (
        ("state", called("what became of it")),
        ("asked_at", called("when it was asked for")),
    )
    search = staticmethod(approvals.search)
    search_fields = ("title",)
    search_help_text = "What was asked for, a reason or a user"
    list_select_related = ("asked_by",)
    ordering = ("-asked_at", "-id")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "title",
                    "message",
                    "shown_state",
                    ("needed", "said"),
                    ("asked_by", "asked_at", "expires_at", "decided_at"),
                    ("execution", "step"),
                )
            },
        ),
        (
            "In an emergency",
            {
                "fields": (
                    ("bypassed_by", "bypass_reason"),
                    ("reviewed_by", "reviewed_at", "review_note"),
                )
            },
        ),
    )
    readonly_fields = ("shown_state", "said")

    def view_on_site(self, approval: Approval) -> str:
        """Return its page."""
        return reverse("automation:approval_detail", args=[approval.pk])

    @admin.display(description="State", ordering="state")
    def shown_state(self, approval: Approval) -> SafeString | str:
        """How it stands."""
        return badge(approval.state)

    @admin.display(description="What people said")
    def said(self, approval: Approval) -> str:
        """Each who said something."""
        votes = approval.votes.select_related("user")
        return "; ".join(f"{vote}, {vote.reason}" if vote.reason else str(vote) for vote in votes)
