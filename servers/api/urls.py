"""The addresses of servers in the API."""

from django.urls import path

from servers.api import credentials, groups, looks, servers

urlpatterns = [
    path("servers", servers.ServersView.as_view()),
    path("servers/groups", groups.GroupsView.as_view()),
    path("servers/groups/<uuid:pk>", groups.GroupView.as_view()),
    path("servers/credentials", credentials.CredentialsView.as_view()),
    path("servers/credentials/<uuid:pk>", credentials.CredentialView.as_view()),
    path("servers/<uuid:pk>", servers.ServerView.as_view()),
    path("servers/<uuid:pk>/check", looks.CheckView.as_view()),
    path("servers/<uuid:pk>/host-key", looks.HostKeyView.as_view()),
]
