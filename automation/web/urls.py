"""The addresses of automation's pages."""

from django.urls import path

from automation.web import (
    about_server,
    analytics,
    batch_launch,
    batches,
    decisions,
    deletions,
    executions,
    form_check,
    guard,
    log,
    on_server,
    reruns,
    rollbacks,
    runbooks,
)

app_name = "automation"
urlpatterns = [
    path("analytics/", analytics.analytics, name="analytics"),
    path("guard/", guard.guard, name="guard"),
    path("runbooks/", runbooks.runbook_list, name="runbook_list"),
    path("runbooks/<str:runbook_id>/", runbooks.runbook_detail, name="runbook_detail"),
    path("runbooks/<str:runbook_id>/run/", runbooks.runbook_run, name="runbook_run"),
    path("runbooks/<str:runbook_id>/batch/", batch_launch.runbook_batch, name="runbook_batch"),
    path("runbooks/<str:runbook_id>/check/", form_check.runbook_check, name="runbook_check"),
    path("runbooks/<str:runbook_id>/server/", about_server.runbook_server, name="runbook_server"),
    path("executions/", executions.execution_list, name="execution_list"),
    path("executions/<uuid:pk>/", executions.execution_detail, name="execution_detail"),
    path("executions/<uuid:pk>/state/", executions.execution_state, name="execution_state"),
    path("executions/<uuid:pk>/log/", log.execution_log, name="execution_log"),
    path("executions/<uuid:pk>/log/rows/", log.execution_log_rows, name="execution_log_rows"),
    path(
        "executions/<uuid:pk>/log/<int:seq>/<str:stream>/",
        log.execution_log_output,
        name="execution_log_output",
    ),
    path(
        "executions/<uuid:pk>/log/<int:seq>/<str:stream>.txt",
        log.execution_log_output_text,
        name="execution_log_output_text",
    ),
    path("executions/<uuid:pk>/log.txt", log.execution_log_text, name="execution_log_text"),
    path("executions/<uuid:pk>/cancel/", executions.execution_cancel, name="execution_cancel"),
    path("executions/<uuid:pk>/retry/", reruns.execution_retry, name="execution_retry"),
    path(
        "executions/<uuid:pk>/run-exactly/",
        reruns.execution_run_exactly,
        name="execution_run_exactly",
    ),
    path("executions/<uuid:pk>/rollback/", rollbacks.execution_rollback, name="execution_rollback"),
    path("executions/<uuid:pk>/decide/", decisions.execution_decide, name="execution_decide"),
    path("executions/<uuid:pk>/delete/", deletions.execution_delete, name="execution_delete"),
    path("servers/<uuid:pk>/now/", on_server.server_now, name="server_now"),
    path("batches/", batches.batch_list, name="batch_list"),
    path("batches/<uuid:pk>/", batches.batch_detail, name="batch_detail"),
    path("batches/<uuid:pk>/state/", batches.batch_state, name="batch_state"),
    path("batches/<uuid:pk>/cancel/", batches.batch_cancel, name="batch_cancel"),
]
