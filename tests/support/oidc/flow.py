"""Walks the way of a login by single sign-on, as a browser does."""

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.test import Client

from tests.support.oidc.running import Provider

_GOES_TO = re.compile(r'http-equiv="refresh" content="0; url=([^"]+)"')


@dataclass(kw_only=True)
class Walk:
    """A browser of OpsManager, and the provider that it is sent to."""

    browser: Client
    provider: Provider

    def begin(self, **form: str) -> str:
        """Press the button; return the address at the provider that the page goes on to."""
        page = self.browser.post("/login/sso/", form)
        found = _GOES_TO.search(page.content.decode())
        assert found, page.content.decode()
        return unescape(found[1])

    def back(self, address: str) -> HttpResponse:
        """Open the address of ours that the provider sent the browser to."""
        parts = urlsplit(address)
        return self.browser.get(f"{parts.path}?{parts.query}")

    def sign_in(self, subject: str, **form: str) -> HttpResponse:
        """Go all the way."""
        return self.back(self.provider.sign_in(self.begin(**form), subject))
