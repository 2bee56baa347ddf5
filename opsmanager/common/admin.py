"""What pages of the Django admin have in common."""

from typing import Any

from django.http import HttpRequest


class ReadOnly:
    """Rows to look at: they come, change and leave elsewhere, or never.

    Stands before ModelAdmin among the bases.
    """

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """None is made here."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """None is changed here."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """None is deleted here."""
        return False
