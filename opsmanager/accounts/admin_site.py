"""The Django admin behind our own login: one place that checks passwords and slows guesses."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator

from opsmanager.accounts.requests import is_own_path
from opsmanager.common.problems import NotPermitted


class AdminSite(admin.AdminSite):
    """The admin; which roles may open it is said by :attr:`User.may_administer`."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may open the admin."""
        return bool(getattr(request.user, "may_administer", False))

    @method_decorator(login_not_required)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send everybody to our own login page, and from there to where they wanted to go."""
        wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
        if not is_own_path(request, wanted):
            wanted = reverse("admin:index", current_app=self.name)
        if self.has_permission(request):
            return HttpResponseRedirect(wanted)
        if request.user.is_authenticated:
            raise NotPermitted("The admin is for administrators. Ask one for the role ADMIN.")
        return redirect_to_login(wanted)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send to the page on which everybody changes their password."""
        return HttpResponseRedirect(reverse("account"))
