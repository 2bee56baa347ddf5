"""The policy of each page allows no script or style but our own files, and needs no other."""

import re

import pytest
from django.conf import settings

from tests.access import world
from tests.access.table import TABLE
from tests.support.users import signed_in, user_with

PAGES = [
    route for route, entry in TABLE.items() if "GET" in entry.calls and not route.startswith("api/")
]
TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
INLINE = {
    "a handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a handler of htmx": re.compile(r"\shx-on", re.IGNORECASE),
    "a style": re.compile(r"<[^>]*\sstyle\s*=|<style\b", re.IGNORECASE),
    "a script": re.compile(r"<script(?![^>]*\ssrc=)[^>]*>", re.IGNORECASE),
    "an address that is a script": re.compile(r"=\s*[\"']?javascript:", re.IGNORECASE),
}


@pytest.mark.django_db
@pytest.mark.usefixtures("rows")
def test_no_page_may_run_what_stands_in_it() -> None:
    made = world.make()
    browser = signed_in(user_with(None, name="root", is_superuser=True))
    for url in [*(TABLE[route].url(made) for route in PAGES), "/admin/", "/nowhere/"]:
        said = browser.get(url)["Content-Security-Policy"]
        policy = dict(part.strip().split(" ", 1) for part in said.split(";"))
        assert policy["script-src"] == "'self'", url
        assert policy["style-src"] == "'self'", url
        assert policy["default-src"] == "'self'", url


@pytest.mark.parametrize("what", INLINE)
def test_no_template_holds_what_the_policy_forbids(what: str) -> None:
    found = {
        str(path.relative_to(settings.BASE_DIR)): match[0]
        for path in TEMPLATES
        if (match := INLINE[what].search(path.read_text(encoding="utf-8")))
    }
    assert len(TEMPLATES) > 50
    assert found == {}


@pytest.mark.parametrize(
    ("what", "html"),
    [
        ("a handler", '<button class="x" onclick="go()">'),
        ("a handler of htmx", '<div hx-on:click="go()">'),
        ("a style", '<p style="color: red">'),
        ("a script", '<script type="module">go()</script>'),
        ("an address that is a script", '<a href="javascript:go()">'),
    ],
)
def test_what_is_looked_for_would_be_found(what: str, html: str) -> None:
    assert INLINE[what].search(html)
    assert not INLINE[what].search('<script src="/x.js"></script><p class="on style">one = 1</p>')
