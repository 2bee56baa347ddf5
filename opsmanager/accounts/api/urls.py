"""The addresses of authentication in the API."""

from django.urls import path

from opsmanager.accounts.api import tokens, views

urlpatterns = [
    path("auth/token", views.TokenView.as_view()),
    path("auth/token/refresh", views.RefreshView.as_view()),
    path("auth/token/revoke", views.RevokeView.as_view()),
    path("auth/tokens", tokens.ApiTokensView.as_view()),
    path("auth/tokens/<uuid:pk>", tokens.ApiTokenView.as_view()),
    path("auth/me", views.MeView.as_view()),
]
