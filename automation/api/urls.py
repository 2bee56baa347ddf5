"""The addresses of automation in the API."""

from django.urls import path

from automation.api import analytics, batches, executions, logs, runbooks

urlpatterns = [
    path("automation/runbooks", runbooks.RunbooksView.as_view()),
    path("automation/runbooks/<str:key>", runbooks.RunbookView.as_view()),
    path("automation/runbooks/<str:key>/validate", runbooks.ValidateView.as_view()),
    path("automation/runbooks/<str:key>/dry-run", runbooks.DryRunView.as_view()),
    path("automation/executions", executions.ExecutionsView.as_view()),
    path("automation/executions/<uuid:pk>", executions.ExecutionView.as_view()),
    path("automation/executions/<uuid:pk>/logs", logs.LogsView.as_view()),
    path("automation/executions/<uuid:pk>/logs/stream", logs.LogStreamView.as_view()),
    path("automation/executions/<uuid:pk>/cancel", executions.CancelView.as_view()),
    path("automation/executions/<uuid:pk>/retry", executions.RetryView.as_view()),
    path("automation/executions/<uuid:pk>/rollback", executions.RollbackView.as_view()),
    path("automation/executions/<uuid:pk>/decide", executions.DecideView.as_view()),
    path("automation/analytics/success-rate", analytics.SuccessRateView.as_view()),
    path("automation/analytics/execution-time", analytics.ExecutionTimeView.as_view()),
    path("automation/analytics/most-used", analytics.MostUsedView.as_view()),
    path("automation/analytics/summary", analytics.SummaryView.as_view()),
    path("automation/batches", batches.BatchesView.as_view()),
    path("automation/batches/<uuid:pk>", batches.BatchView.as_view()),
    path("automation/batches/<uuid:pk>/cancel", batches.BatchCancelView.as_view()),
]
