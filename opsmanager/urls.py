"""The site map."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, register_converter
from drf_spectacular.views import SpectacularAPIView

from opsmanager.accounts.api.views import jwks
from opsmanager.common.api.documents import RedocView, SwaggerView
from opsmanager.common.api.unknown import Anything, UnknownView
from opsmanager.home import handover_views as handover
from opsmanager.home import views as home

register_converter(Anything, "anything")

handler400 = "opsmanager.home.errors.bad_request"
handler404 = "opsmanager.home.errors.page_not_found"
handler500 = "opsmanager.home.errors.server_error"

api: list[URLPattern | URLResolver] = [
    path("", include("automation.api.urls")),
    path("", include("opsmanager.accounts.api.urls")),
    path("", include("opsmanager.audit.api.urls")),
    path("", include("opsmanager.notifications.api.urls")),
    path("", include("incidents.api.urls")),
    path("", include("incidents.api.rule_urls")),
    path("", include("servers.api.urls")),
    path("", include("opsmanager.home.api.urls")),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SwaggerView.as_view(url_name="schema"), name="swagger"),
    path("redoc/", RedocView.as_view(url_name="schema"), name="redoc"),
    path("<anything:rest>", UnknownView.as_view()),
]

urlpatterns: list[URLPattern | URLResolver] = [
    # First, and within it what clients ask most: each address above is tried with each request.
    path("api/v1/", include(api)),
    path("", home.home, name="home"),
    path("now/", home.home_now, name="home_now"),
    path("handover/", handover.handover, name="handover"),
    path("handover.md", handover.handover_markdown, name="handover_markdown"),
    path("", include("opsmanager.accounts.urls")),
    path("", include("opsmanager.audit.web.urls")),
    path("", include("automation.web.urls")),
    path("", include("incidents.web.urls")),
    path("", include("servers.web.urls")),
    path("", include("opsmanager.notifications.web.urls")),
    path("admin/", admin.site.urls),
    path(".well-known/jwks.json", jwks),
    path("healthz", home.healthz),
    path("readyz", home.readyz),
    path("metrics", home.prometheus),
]
