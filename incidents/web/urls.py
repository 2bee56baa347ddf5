"""The addresses of the incidents' pages."""

from django.urls import path

from incidents.web import views

app_name = "incidents"
urlpatterns = [
    path("incidents/", views.incident_list, name="incident_list"),
    path("incidents/<uuid:pk>/", views.incident_detail, name="incident_detail"),
    path(
        "incidents/<uuid:pk>/acknowledge/", views.incident_acknowledge, name="incident_acknowledge"
    ),
    path("incidents/<uuid:pk>/resolve/", views.incident_resolve, name="incident_resolve"),
    path("incidents/<uuid:pk>/run/", views.incident_run, name="incident_run"),
]
