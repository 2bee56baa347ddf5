"""The addresses of the trail's pages."""

from django.urls import path

from opsmanager.audit.web import views

app_name = "audit"
urlpatterns = [
    path("audit/", views.event_list, name="event_list"),
    path("audit/chain/", views.chain, name="chain"),
    path("audit/<int:seq>/", views.event_detail, name="event_detail"),
]
