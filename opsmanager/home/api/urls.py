"""The addresses of reports in the API."""

from django.urls import path

from opsmanager.home.api import handover

urlpatterns = [
    path("reports/handover", handover.HandoverView.as_view()),
    path("reports/handover/export", handover.HandoverExportView.as_view()),
]
