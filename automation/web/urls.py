"""The addresses of automation's pages."""

from django.urls import path

from automation.web import executions, runbooks

app_name = "automation"
urlpatterns = [
    path("runbooks/", runbooks.runbook_list, name="runbook_list"),
    path("runbooks/<str:runbook_id>/", runbooks.runbook_detail, name="runbook_detail"),
    path("runbooks/<str:runbook_id>/run/", runbooks.runbook_run, name="runbook_run"),
    path("executions/", executions.execution_list, name="execution_list"),
    path("executions/<uuid:pk>/", executions.execution_detail, name="execution_detail"),
    path("executions/<uuid:pk>/state/", executions.execution_state, name="execution_state"),
    path("executions/<uuid:pk>/log/", executions.execution_log, name="execution_log"),
    path("executions/<uuid:pk>/cancel/", executions.execution_cancel, name="execution_cancel"),
    path(
        "executions/<uuid:pk>/run-exactly/",
        executions.execution_run_exactly,
        name="execution_run_exactly",
    ),
]
