"""The addresses of notifications in the API."""

from django.urls import path

from opsmanager.notifications.api import views

urlpatterns = [
    path("notifications/channels", views.ChannelsView.as_view()),
    path("notifications/channels/<uuid:pk>", views.ChannelView.as_view()),
    path("notifications/channels/<uuid:pk>/test", views.ChannelTestView.as_view()),
    path("notifications/deliveries", views.DeliveriesView.as_view()),
    path("notifications/deliveries/<uuid:pk>", views.DeliveryView.as_view()),
    path("notifications/deliveries/<uuid:pk>/resend", views.ResendView.as_view()),
    path("notifications/events", views.EventsView.as_view()),
]
