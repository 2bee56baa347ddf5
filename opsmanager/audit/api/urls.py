"""The addresses of the trail in the API."""

from django.urls import path

from opsmanager.audit.api import views

urlpatterns = [
    path("audit/events", views.AuditEventsView.as_view()),
    path("audit/verify", views.AuditVerificationView.as_view()),
]
