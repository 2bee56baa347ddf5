"""The addresses of servers in the API."""

from django.urls import path

from servers.api import views

urlpatterns = [
    path("servers", views.ServersView.as_view()),
    path("servers/groups", views.GroupsView.as_view()),
    path("servers/groups/<uuid:pk>", views.GroupView.as_view()),
    path("servers/credentials", views.CredentialsView.as_view()),
    path("servers/credentials/<uuid:pk>", views.CredentialView.as_view()),
    path("servers/<uuid:pk>", views.ServerView.as_view()),
    path("servers/<uuid:pk>/check", views.CheckView.as_view()),
    path("servers/<uuid:pk>/host-key", views.HostKeyView.as_view()),
]
