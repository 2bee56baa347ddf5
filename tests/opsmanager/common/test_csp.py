import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from opsmanager.common.csp import POLICY, ContentSecurityPolicyMiddleware


@pytest.mark.parametrize("path", ["/login/", "/healthz", "/", "/api/v1/servers", "/nowhere"])
@pytest.mark.django_db
def test_every_answer_carries_the_policy(path: str) -> None:
    assert Client().get(path)["Content-Security-Policy"] == POLICY


def test_the_policy_admits_no_inline_script_and_no_other_host() -> None:
    rules = dict(rule.split(" ", 1) for rule in POLICY.split("; "))
    assert rules["script-src"] == rules["style-src"] == rules["default-src"] == "'self'"
    assert rules["object-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert "*" not in POLICY


def test_an_answer_with_a_policy_of_its_own_keeps_it() -> None:
    def answer(_: HttpRequest) -> HttpResponse:
        return HttpResponse(headers={"Content-Security-Policy": "default-src 'none'"})

    found = ContentSecurityPolicyMiddleware(answer)(RequestFactory().get("/"))
    assert found["Content-Security-Policy"] == "default-src 'none'"
