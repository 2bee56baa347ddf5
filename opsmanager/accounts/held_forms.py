"""Forms that were sent after the login had ended: what was typed waits for the next login.

It is kept on the login page itself, signed, and after the login in the session, until the form is
shown again. Nothing is done with it but that: logging in starts nothing. Secrets are left out.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.core import signing
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from opsmanager.common import form_key

FIELD: Final = "held_form"
"""The hidden field of the login page that carries what was typed."""
_SESSION_KEY: Final = "held_form"
_SALT: Final = "opsmanager.accounts.held_forms"
_SECONDS: Final = 3600
_NEVER: Final = frozenset({"csrfmiddlewaretoken", "confirm_server", "mode", form_key.FIELD})
"""What belongs to one sending: a production server's name is to be typed again."""

_View = TypeVar("_View", bound=Callable[..., Any])


def holds(page: str, *, never: Callable[..., set[str] | None]) -> Callable[[_View], _View]:
    """Have what is posted to a view kept when the login has ended.

    ``page`` is the URL's name of the page with the form, which takes the same arguments; ``never``
    is called with them and returns the names of the fields that are secret, or ``None`` where it
    does not know the form: then nothing is kept.
    """

    def mark(view: _View) -> _View:
        view.holds_form = (page, never)  # type: ignore[attr-defined]
        return view

    return mark


def hold(request: HttpRequest, view: Callable[..., Any]) -> tuple[str, str] | None:
    """Return the path of the form's page, and what was typed, signed.

    ``None`` for what is no form, or one of which nothing is kept.
    """
    found = getattr(view, "holds_form", None)
    match = request.resolver_match
    if request.method != "POST" or found is None or match is None:
        return None
    page, secret_names = found
    secret = secret_names(**match.kwargs)
    # Whoever is not logged in can't tell a form that nobody knows from one that is there.
    typed = request.POST.lists() if secret is not None else []
    never = _NEVER | (secret or set())
    fields = {name: texts for name, texts in typed if name not in never}
    path = reverse(page, kwargs=match.kwargs)
    kept = {"path": path, "fields": fields}
    return path, signing.dumps(kept, salt=_SALT, compress=True)


def release(request: HttpRequest, text: str) -> str:
    """Keep a signed form in the session of who has just logged in; return the path of its page.

    Empty for what is not ours or an hour old.
    """
    try:
        kept = signing.loads(text, salt=_SALT, max_age=_SECONDS)
    except signing.BadSignature:
        return ""
    request.session[_SESSION_KEY] = kept
    return str(kept["path"])


def take(request: HttpRequest) -> QueryDict | None:
    """Return what was typed into the form of this page before the login, once."""
    kept = request.session.get(_SESSION_KEY)
    if not kept or kept["path"] != request.path:
        return None
    del request.session[_SESSION_KEY]
    fields = QueryDict(mutable=True)
    for name, texts in kept["fields"].items():
        fields.setlist(name, texts)
    return fields
