"""Makes users by role, and browsers that are signed in as them."""

from django.contrib.auth.models import Group
from django.test import Client

from opsmanager.accounts.models import User

PASSWORD = "correct horse battery"


def user_with(role: str | None = None, *, name: str = "", **fields: object) -> User:
    """Make a user with one role, or with none; its password is ``PASSWORD``."""
    username = name or (role or "stranger").lower()
    user = User.objects.create_user(username, password=PASSWORD, **fields)
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def signed_in(user: User, **options: object) -> Client:
    """Return a browser in which the user is signed in."""
    client = Client(**options)
    client.force_login(user)
    return client
