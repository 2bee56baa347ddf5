"""The login page."""

from django.contrib.auth import views


class LoginView(views.LoginView):
    """Let a person in, and back to where they wanted to go."""

    template_name = "accounts/login.html"
    redirect_authenticated_user = True
