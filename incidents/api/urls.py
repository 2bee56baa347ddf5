"""The addresses of incidents in the API."""

from django.urls import path

from incidents.api import acts, incidents, links, sources, webhooks

urlpatterns = [
    path("incidents", incidents.IncidentsView.as_view()),
    path("incidents/<uuid:pk>", incidents.IncidentView.as_view()),
    path("incidents/<uuid:pk>/acknowledge", acts.AcknowledgeView.as_view()),
    path("incidents/<uuid:pk>/resolve", acts.ResolveView.as_view()),
    path("incidents/<uuid:pk>/reopen", acts.ReopenView.as_view()),
    path("incidents/<uuid:pk>/assign", acts.AssignView.as_view()),
    path("incidents/<uuid:pk>/notes", acts.NotesView.as_view()),
    path("incidents/<uuid:pk>/timeline", incidents.TimelineView.as_view()),
    path("incidents/<uuid:pk>/suggestions", incidents.SuggestionsView.as_view()),
    path("incidents/<uuid:pk>/executions/link", links.LinkView.as_view()),
    path("incidents/<uuid:pk>/executions/unlink", links.UnlinkView.as_view()),
    path("incidents/sources", sources.SourcesView.as_view()),
    path("incidents/sources/try", sources.TryView.as_view()),
    path("incidents/sources/<uuid:pk>", sources.SourceView.as_view()),
    path("incidents/sources/<uuid:pk>/rotate", sources.RotateView.as_view()),
    path("incidents/sources/<uuid:pk>/end-previous", sources.EndPreviousView.as_view()),
    path("incidents/sources/<uuid:pk>/deliveries", sources.DeliveriesView.as_view()),
    path("incidents/webhooks/<slug:slug>", webhooks.WebhookView.as_view()),
]
