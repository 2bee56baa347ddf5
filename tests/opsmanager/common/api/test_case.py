import pytest
from rest_framework import serializers

from opsmanager.common.api.case import Serializer, camel


class Sample(Serializer):
    service_name = serializers.CharField()
    state = serializers.CharField()
    old_name = serializers.CharField(source="former")
    result_data = serializers.DictField()


@pytest.mark.parametrize(
    ("name", "wire"),
    [("name", "name"), ("is_dry_run", "isDryRun"), ("created_at", "createdAt"), ("", "")],
)
def test_names_are_camel_case_on_the_wire(name: str, wire: str) -> None:
    assert camel(name) == wire


def test_declared_names_are_written_in_camel_case_and_keys_of_data_stay() -> None:
    row = {
        "service_name": "nginx",
        "state": "up",
        "former": "apache",
        "result_data": {"main_pid": 7, "unitFile": "x"},
    }
    assert Sample(row).data == {
        "serviceName": "nginx",
        "state": "up",
        "oldName": "apache",
        "resultData": {"main_pid": 7, "unitFile": "x"},
    }


def test_declared_names_are_read_from_camel_case() -> None:
    asked = Sample(
        data={"serviceName": "nginx", "state": "up", "oldName": "apache", "resultData": {"a_b": 1}}
    )
    assert asked.is_valid()
    assert asked.validated_data == {
        "service_name": "nginx",
        "state": "up",
        "former": "apache",
        "result_data": {"a_b": 1},
    }


def test_a_refusal_names_the_field_as_the_client_wrote_it() -> None:
    asked = Sample(data={"service_name": "nginx", "state": "up", "oldName": "", "resultData": {}})
    assert not asked.is_valid()
    assert set(asked.errors) == {"serviceName", "service_name", "oldName"}


def test_a_name_that_nobody_knows_is_refused() -> None:
    valid = {"serviceName": "nginx", "state": "up", "oldName": "apache", "resultData": {}}
    asked = Sample(data={**valid, "dryRun": True})
    assert not asked.is_valid()
    assert dict(asked.errors) == {"dryRun": ["There is no such field. Check its spelling."]}


def test_what_is_no_object_is_refused() -> None:
    assert not Sample(data=["serviceName"]).is_valid()


class Longer(Sample):
    unit_name = serializers.CharField()


ROW = {"service_name": "nginx", "state": "up", "former": "apache", "result_data": {"a_b": 1}}


def test_a_row_is_shown_as_by_a_serializer_of_its_own() -> None:
    assert Sample.json_of(ROW) == Sample(ROW).data
    assert Sample.json_of_each(iter([ROW, ROW])) == [Sample(ROW).data] * 2


def test_a_serializer_that_is_longer_shows_all_of_its_own() -> None:
    Sample.json_of(ROW)
    assert Longer.json_of(ROW | {"unit_name": "a"}) == {**Sample.json_of(ROW), "unitName": "a"}
