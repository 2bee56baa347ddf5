"""The addresses of the servers' pages."""

from django.urls import path

from servers.web import listing, maintenance, views

app_name = "servers"
urlpatterns = [
    path("servers/", listing.server_list, name="server_list"),
    path("servers/check/", listing.servers_check, name="servers_check"),
    path("servers/add/", views.server_add, name="server_add"),
    path("servers/<uuid:pk>/", views.server_detail, name="server_detail"),
    path("servers/<uuid:pk>/edit/", views.server_edit, name="server_edit"),
    path(
        "servers/<uuid:pk>/maintenance/", maintenance.server_maintenance, name="server_maintenance"
    ),
    path("servers/groups/", maintenance.group_list, name="group_list"),
    path(
        "servers/groups/<uuid:pk>/maintenance/",
        maintenance.group_maintenance,
        name="group_maintenance",
    ),
    path("servers/<uuid:pk>/check/", views.server_check, name="server_check"),
    path("servers/<uuid:pk>/host-key/", views.server_host_key, name="server_host_key"),
    path(
        "servers/<uuid:pk>/host-key/accept/",
        views.server_host_key_accept,
        name="server_host_key_accept",
    ),
]
