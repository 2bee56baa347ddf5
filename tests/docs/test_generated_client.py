"""The committed OpenAPI document makes a client whose names and types need no explanation."""

import inspect
import re
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.docs.fences import DOCS
from tests.support.generated import Calls, generate

VERBS = (
    "accept|acknowledge|add|assign|bypass|cancel|check|create|decide|delete|dry_run|end|explain"
    "|export|get|grant|launch|link|list|open|rearm|receive|refresh|reject|reopen|resend|resolve|retry"
    "|review|revoke|roll_back|rotate|run|stream|switch|test|try|unlink|update|validate|verify"
)
FREE = {
    ("RunbookParameter", "default"),
    ("IncidentSourceTryRequest", "payload"),
    ("WorkflowInput", "default"),
    ("ExpressionValue", "value"),
}
"""What may be anything: each runbook and workflow says itself what it takes, each sender what it
sends, each expression what it comes to."""


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Calls:
    """Return a client of the committed document."""
    folder: Path = tmp_path_factory.mktemp("client") / "opsmanager_client"
    return Calls(generate(DOCS / "openapi.yaml", folder), "http://127.0.0.1:9")


def test_each_method_is_named_by_what_it_does(call: Calls) -> None:
    strange = [
        name for name in call.operations if not re.fullmatch(rf"({VERBS})_[a-z]+(_[a-z]+)*", name)
    ]
    assert strange == []
    assert {"launch_execution", "list_executions", "list_execution_logs"} <= set(call.operations)


def test_each_answer_is_a_model(call: Calls) -> None:
    vague = {
        name
        for name, module in call.operations.items()
        if re.search(r"\bAny\b", str(inspect.signature(module.sync_detailed).return_annotation))
    }
    # Those that answer 204 have nothing to show, and a stream is text.
    shown = {name for name in vague if not name.startswith(("delete_", "revoke_", "stream_"))}
    assert shown == set()
    for name, module in call.operations.items():
        assert "Error" in str(inspect.signature(module.sync_detailed).return_annotation), name


def test_no_field_of_a_model_is_just_anything(call: Calls) -> None:
    models: list[Any] = [getattr(call.models, name) for name in call.models.__all__]
    free = {
        (model.__name__, field.name)
        for model in models
        if attrs.has(model)
        for field in attrs.fields(model)
        if field.name != "additional_properties" and re.search(r"\bAny\b", str(field.type))
    }
    assert free <= FREE


def test_what_has_to_be_sent_with_a_launch_is_what_has_no_default(call: Calls) -> None:
    m = call.models
    launch = m.LaunchRequest(
        runbook_id="SERVICE_RESTART",
        server_id="x",
        parameters=m.ServiceRestartParameters(service_name="nginx.service"),
    )
    assert launch.to_dict()["parameters"]["serviceName"] == "nginx.service"
    assert "services" not in m.HealthCheckParameters().to_dict()
    with pytest.raises(TypeError, match="service_name"):
        m.ServiceRestartParameters()
