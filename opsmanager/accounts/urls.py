"""The addresses of the login and of one's own account."""

from django.urls import path

from opsmanager.accounts import token_pages, web
from opsmanager.accounts.sso import pages as sso_pages

urlpatterns = [
    path("login/", web.LoginView.as_view(), name="login"),
    path("login/sso/", sso_pages.begin, name="sso_begin"),
    path("login/sso/answer/", sso_pages.answer, name="sso_answer"),
    path("logout/", web.LogoutView.as_view(), name="logout"),
    path("account/", web.account, name="account"),
    path("account/password/", web.password, name="account_password"),
    path("account/tokens/new/", token_pages.token_new, name="account_token_new"),
    path("account/tokens/<uuid:pk>/revoke/", token_pages.token_revoke, name="account_token_revoke"),
    path("account/sessions/end/", web.end_other_sessions, name="account_sessions_end"),
    path("account/sessions/<slug:name>/end/", web.end_session, name="account_session_end"),
]
