import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


def calls(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in schema["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method} {path}", item[method]


def test_the_document_is_valid_and_complete_without_a_warning(tmp_path) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "x.yaml"))


def test_every_call_has_a_name_of_its_own_and_says_what_it_does(schema: dict[str, Any]) -> None:
    names = [call["operationId"] for _, call in calls(schema)]
    assert len(names) == len(set(names))
    for where, call in calls(schema):
        assert re.fullmatch(r"[a-z][A-Za-z]*", call["operationId"]), where
        assert call.get("description"), where
        assert call["tags"], where


def test_every_call_but_those_that_log_in_says_that_it_wants_a_login(
    schema: dict[str, Any],
) -> None:
    open_to_all = {where for where, call in calls(schema) if {} in call.get("security", [{}])}
    token = "post /api/v1/auth/token"
    assert open_to_all == {token, f"{token}/refresh", f"{token}/revoke"}
    for where, call in calls(schema):
        assert "401" in call["responses"] or where.endswith("/schema/"), where


def test_every_refusal_is_in_the_one_form_but_that_of_a_validation(
    schema: dict[str, Any],
) -> None:
    for where, call in calls(schema):
        for status, answer in call["responses"].items():
            if status >= "400" and not where.endswith("/validate"):
                (content,) = answer["content"].values()
                assert content["schema"]["$ref"].endswith("/Error"), (where, status)


def test_every_name_on_the_wire_is_in_camel_case(schema: dict[str, Any]) -> None:
    for component, shape in schema["components"]["schemas"].items():
        for name in shape.get("properties", {}):
            assert re.fullmatch(r"[a-z][A-Za-z]*", name), (component, name)


def test_no_secret_can_be_read(schema: dict[str, Any]) -> None:
    shown = schema["components"]["schemas"]["Credential"]["properties"]
    asked = schema["components"]["schemas"]["CredentialRequest"]["properties"]
    assert {"password", "privateKey", "passphrase"} == set(asked) - set(shown)
