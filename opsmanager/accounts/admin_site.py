"""The Django admin behind our own login: one place that checks passwords and slows guesses."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from opsmanager.common.problems import NotPermitted


class AdminSite(admin.AdminSite):
    """The admin; which roles may open it is said by :attr:`User.may_administer`."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may open the admin."""
        return bool(getattr(request.user, "may_administer", False))

    def login(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Let in whoever has signed in on our own login page, to which all others are sent."""
        if not self.has_permission(request):
            raise NotPermitted("The admin is for administrators. Ask one for the role ADMIN.")
        return HttpResponseRedirect(reverse("admin:index", current_app=self.name))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send to the page on which everybody changes their password."""
        return HttpResponseRedirect(reverse("account"))
