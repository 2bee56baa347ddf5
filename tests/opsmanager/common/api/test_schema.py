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


def resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: Any = schema
    for name in node["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def test_the_document_is_valid_and_complete_without_a_warning(tmp_path) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "x.yaml"))


def test_every_call_has_a_name_of_its_own_and_says_what_it_does(schema: dict[str, Any]) -> None:
    names = [call["operationId"] for _, call in calls(schema)]
    assert len(names) == len(set(names))
    for where, call in calls(schema):
        assert re.fullmatch(r"[a-z][A-Za-z]*", call["operationId"]), where
        assert call.get("description"), where
        assert call["description"].replace("\n", " ").startswith(call["summary"].replace("\n", " "))
        assert call["tags"], where


def test_every_call_but_those_that_log_in_says_that_it_wants_a_login(
    schema: dict[str, Any],
) -> None:
    open_to_all = {where for where, call in calls(schema) if {} in call.get("security", [{}])}
    token = "post /api/v1/auth/token"
    webhook = "post /api/v1/incidents/webhooks/{slug}"
    assert open_to_all == {token, f"{token}/refresh", f"{token}/revoke", webhook}
    for where, call in calls(schema):
        assert "401" in call["responses"] or where.endswith("/schema/"), where


def test_every_refusal_is_in_the_one_form_but_that_of_a_validation(
    schema: dict[str, Any],
) -> None:
    for where, call in calls(schema):
        for status, answer in call["responses"].items():
            if status >= "400" and (where.endswith("/validate"), status) != (True, "400"):
                (content,) = resolved(schema, answer)["content"].values()
                assert content["schema"]["$ref"].endswith("/Error"), (where, status)


def test_every_name_on_the_wire_is_in_camel_case(schema: dict[str, Any]) -> None:
    for component, shape in schema["components"]["schemas"].items():
        for name in shape.get("properties", {}):
            assert re.fullmatch(r"[a-z][A-Za-z0-9]*", name), (component, name)


def test_no_secret_can_be_read(schema: dict[str, Any]) -> None:
    shown = schema["components"]["schemas"]["Credential"]["properties"]
    asked = schema["components"]["schemas"]["CredentialRequest"]["properties"]
    assert {"password", "privateKey", "passphrase"} == set(asked) - set(shown)


def test_an_answer_has_all_its_names_and_a_request_takes_no_others(schema: dict[str, Any]) -> None:
    for name, shape in schema["components"]["schemas"].items():
        if shape.get("type") != "object" or "properties" not in shape:
            continue
        if name.endswith("Request"):
            assert shape["additionalProperties"] is False, name
        elif not name.endswith("Parameters"):
            assert shape["required"] == list(shape["properties"]), name


def test_every_status_says_what_it_means_and_each_429_when_to_try_again(
    schema: dict[str, Any],
) -> None:
    for where, call in calls(schema):
        for status, answer in call["responses"].items():
            shown = resolved(schema, answer)
            assert shown["description"] or where.endswith("/schema/"), (where, status)
            if status == "429":
                assert "Retry-After" in shown["headers"]


def test_refusals_are_shown_by_examples_in_the_one_form(schema: dict[str, Any]) -> None:
    assert schema["components"]["responses"]
    for answer in schema["components"]["responses"].values():
        (content,) = answer["content"].values()
        assert set(content["example"]) == {"error", "message", "code", "details"}


def test_links_lead_from_what_was_made_to_what_can_be_done_with_it(schema: dict[str, Any]) -> None:
    operations = {call["operationId"]: call for _, call in calls(schema)}
    links = operations["launchExecution"]["responses"]["201"]["links"]
    assert links["cancelExecution"]["parameters"] == {"id": "$response.body#/execution/id"}
    assert {"getExecution", "listExecutionLogs", "retryExecution", "rollBackExecution"} < set(links)
    for call in operations.values():
        assert "x-leads-to" not in call
        for answer in call["responses"].values():
            for name, link in answer.get("links", {}).items():
                taken = {one["name"] for one in operations[name]["parameters"]}
                assert set(link["parameters"]) <= taken


def test_an_enum_that_may_be_empty_is_one_with_a_name_for_that(schema: dict[str, Any]) -> None:
    shapes = schema["components"]["schemas"]
    assert shapes["VerdictOrNone"]["enum"] == [*shapes["Verdict"]["enum"], ""]
    assert shapes["VerdictOrNone"]["x-enum-varnames"][-1] == "NONE"


def test_filters_take_the_enums_that_answers_show(schema: dict[str, Any]) -> None:
    (call,) = [call for _, call in calls(schema) if call["operationId"] == "listExecutions"]
    parameters = {one["name"]: one["schema"] for one in call["parameters"]}
    assert parameters["status"]["items"] == {"$ref": "#/components/schemas/ExecutionStatus"}
    assert parameters["limit"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
    assert parameters["serverId"]["format"] == "uuid"
    assert parameters["isDryRun"]["type"] == "boolean"


def test_orders_have_names_that_a_generator_can_use(schema: dict[str, Any]) -> None:
    (call,) = [call for _, call in calls(schema) if call["operationId"] == "listExecutions"]
    (ordering,) = [one["schema"] for one in call["parameters"] if one["name"] == "ordering"]
    assert ordering["enum"][:2] == ["queuedAt", "-queuedAt"]
    assert ordering["x-enum-varnames"][:2] == ["QUEUED_AT", "QUEUED_AT_DESCENDING"]


def test_blanks_alone_are_no_text_unless_they_may_be(schema: dict[str, Any]) -> None:
    shapes = schema["components"]["schemas"]
    assert shapes["RefreshRequest"]["properties"]["refresh"]["pattern"].startswith(r"[^\s")
    assert "pattern" not in shapes["LoginRequest"]["properties"]["password"]
    assert "pattern" not in shapes["LaunchRequest"]["properties"]["reason"]
    # One that says more stays.
    assert shapes["ServerRequest"]["properties"]["name"]["pattern"].startswith("^[A-Za-z0-9]")
