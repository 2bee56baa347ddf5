"""Makes API tokens, also with limits that nobody could ask for, and clients that send them."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from opsmanager.accounts import token_text
from opsmanager.accounts.models import ApiToken, User


def made(user: User, **fields: Any) -> tuple[ApiToken, str]:
    """Make a token as it stands in the database; return it with its text."""
    secret = token_text.make()
    row = ApiToken.objects.create(
        **{
            "user": user,
            "name": "ci bot",
            "start": token_text.start(secret),
            "digest": token_text.digest(secret),
            "expires_at": timezone.now() + timedelta(days=1),
            **fields,
        }
    )
    return row, secret


def token(user: User, **fields: Any) -> ApiToken:
    """Make a token of which nobody needs to know the text."""
    return made(user, **fields)[0]


def program(secret: str) -> Client:
    """Return a client that sends the token with each request."""
    return Client(headers={"authorization": f"Bearer {secret}"})


def by_token(user: User, **fields: Any) -> User:
    """Return the user as a request by a new token would have it."""
    row = token(user, **fields)
    found = User.objects.get(pk=user.pk)
    found.token = row
    return found
