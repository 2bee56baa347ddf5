"""The OpenAPI document has the parameters of each runbook."""

from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from automation import catalog

LIBRARY = {
    "DiskCleanupParameters",
    "FileBackupParameters",
    "HealthCheckParameters",
    "LogRotationParameters",
    "ProcessKillParameters",
    "ServiceRestartParameters",
}


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    found = SchemaGenerator().get_schema(request=None, public=True)
    return found["components"]["schemas"]


def test_each_runbook_has_a_schema_of_its_parameters(schemas: dict[str, Any]) -> None:
    named = {name for name in schemas if name.endswith("Parameters")} - {"OtherParameters"}
    assert named >= LIBRARY
    assert len(named) == len(catalog.runbooks())
    restart = schemas["ServiceRestartParameters"]
    assert restart["required"] == ["serviceName"]
    assert restart["properties"]["gracefulTimeout"]["default"] == 30
    assert restart["additionalProperties"] is False


@pytest.mark.parametrize(
    "request_name", ["LaunchRequest", "BatchLaunchRequest", "DryRunRequest", "ValidationRequest"]
)
def test_a_launch_takes_any_of_them_or_those_of_a_runbook_that_came_later(
    schemas: dict[str, Any], request_name: str
) -> None:
    shapes = schemas[request_name]["properties"]["parameters"]["anyOf"]
    *named, other = [shape["$ref"].rpartition("/")[2] for shape in shapes]
    assert set(named) >= LIBRARY
    assert other == "OtherParameters"
    assert schemas[other]["additionalProperties"] == {}


def test_every_reference_leads_somewhere(schemas: dict[str, Any]) -> None:
    def references(node: Any) -> Any:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for child in node.values():
                yield from references(child)
        elif isinstance(node, list):
            for child in node:
                yield from references(child)

    assert {name.rpartition("/")[2] for name in references(schemas)} <= set(schemas)
