"""The addresses of the pages of notifications."""

from django.urls import path

from opsmanager.notifications.web import deliveries, views

app_name = "notifications"
urlpatterns = [
    path("notifications/", views.channel_list, name="channel_list"),
    path("notifications/add/", views.channel_add, name="channel_add"),
    path("notifications/deliveries/", deliveries.delivery_list, name="delivery_list"),
    path("notifications/deliveries/<uuid:pk>/", deliveries.delivery_detail, name="delivery_detail"),
    path(
        "notifications/deliveries/<uuid:pk>/resend/",
        deliveries.delivery_resend,
        name="delivery_resend",
    ),
    path("notifications/<uuid:pk>/", views.channel_detail, name="channel_detail"),
    path("notifications/<uuid:pk>/test/", views.channel_test, name="channel_test"),
    path("notifications/<uuid:pk>/delete/", views.channel_delete, name="channel_delete"),
]
