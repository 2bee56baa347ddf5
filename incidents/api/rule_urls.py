"""The addresses of remediation rules in the API."""

from django.urls import path

from incidents.api import breakers, rules

urlpatterns = [
    path("automation/remediation-rules", rules.RulesView.as_view()),
    path("automation/remediation-rules/try", rules.TryNewView.as_view()),
    path("automation/remediation-rules/breakers", breakers.BreakersView.as_view()),
    path("automation/remediation-rules/<uuid:pk>", rules.RuleView.as_view()),
    path("automation/remediation-rules/<uuid:pk>/mode", rules.ModeView.as_view()),
    path("automation/remediation-rules/<uuid:pk>/try", rules.TryView.as_view()),
    path("automation/remediation-rules/<uuid:pk>/decisions", rules.DecisionsView.as_view()),
    path("automation/remediation-rules/<uuid:pk>/rearm", breakers.RearmView.as_view()),
    path("incidents/<uuid:pk>/why", breakers.WhyView.as_view()),
]
