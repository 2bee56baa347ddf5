"""What the login page offers beside the user name and the password."""

from typing import Any

from django.conf import settings


def offered() -> dict[str, Any]:
    """Return the name of single sign-on, if there is one, and whether a password does for all."""
    is_on = bool(settings.OIDC_ISSUER)
    return {
        "sso": settings.OIDC_NAME if is_on else "",
        "passwords_are_for_few": is_on and not settings.OIDC_PASSWORD_LOGIN,
    }
