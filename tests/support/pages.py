"""Reads pages as a person and as htmx does."""

import re
from typing import Any

from django.contrib.messages import get_messages

from servers.models import Server

HTMX = {"hx-request": "true"}
"""The headers of a request for a part of a page."""


def text(answer: Any) -> str:
    """Return the page with each run of white space as one space."""
    return re.sub(r"\s+", " ", answer.content.decode())


def said(answer: Any) -> list[str]:
    """Return the messages that wait for the user."""
    return [message.message for message in get_messages(answer.wsgi_request)]


def page(server: Server, name: str = "") -> str:
    """Return the path of a server's page, or of a part of it."""
    return f"/servers/{server.pk}/{name}"
