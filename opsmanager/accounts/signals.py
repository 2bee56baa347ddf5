"""What the layers above are told of: accounts itself knows no audit trail."""

from django.dispatch import Signal

login_throttled = Signal()
"""A try was not even looked at, for the first time since the last one that was.
``username``: as typed."""

api_login_ended = Signal()
"""Somebody ended a login over the API. ``user``; ``why``: REVOKED, REUSED or CHANGED."""

session_ended = Signal()
"""A user ended another session of theirs. ``user``; ``count``: how many sessions."""

api_token_created = Signal()
"""``token``: the :class:`ApiToken` that its user made."""

api_token_revoked = Signal()
"""``token``; ``by``: the user who did it, ``None`` where the account was switched off."""

sign_on_refused = Signal()
"""Somebody did not get in by single sign-on. ``reason``; ``username`` and ``subject`` as the
provider says them, empty where it said nothing that holds."""
