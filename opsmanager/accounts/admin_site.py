"""The Django admin behind our own login: one place that checks passwords and slows guesses."""

from typing import Any, Final

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator

from opsmanager.accounts.requests import is_own_path
from opsmanager.common.admin_parts import SECTIONS
from opsmanager.common.problems import NotPermitted

_REST: Final = "More"


class AdminSite(admin.AdminSite):
    """The admin; which roles may open it is said by :attr:`User.may_administer`."""

    index_title = "Administration"
    site_title = site_header = "OpsManager"
    # The product's own navigation stands at the side.
    enable_nav_sidebar = False

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

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what every page knows, also how people call the rows that it is about."""
        view = request.resolver_match and request.resolver_match.func
        page = getattr(view, "model_admin", None)
        return {**super().each_context(request), "rows_called": getattr(page, "rows_called", "")}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return what the user may open, by what it is for rather than by where its code is."""
        if app_label is not None:
            return super().get_app_list(request, app_label)
        sections: dict[str, list[Any]] = {name: [] for name in (*SECTIONS, _REST)}
        for app in self._build_app_dict(request).values():
            for found in app["models"]:
                page = self._registry[found["model"]]
                found["about"] = getattr(page, "about", "")
                found["name"] = getattr(page, "rows_called", found["name"])
                found["rank"] = getattr(page, "rank", 100)
                sections[getattr(page, "section", _REST)].append(found)
        return [
            # The templates of Django ask for the rest.
            {"name": name, "models": models, "app_label": "", "app_url": ""}
            for name, rows in sections.items()
            if (models := sorted(rows, key=lambda row: (row["rank"], row["name"])))
        ]
