from typing import Any

import pytest
from rest_framework import serializers

from opsmanager.common.api.case import Serializer


class Sample(Serializer):
    is_dry_run = serializers.BooleanField(required=False, allow_null=True)
    port = serializers.IntegerField(required=False)
    name = serializers.CharField(required=False)
    priority = serializers.ChoiceField(["HIGH", "LOW"], required=False)
    server_id = serializers.UUIDField(required=False)
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    parameters = serializers.DictField(required=False)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("isDryRun", "yes", "Use true or false, without quotes."),
        ("isDryRun", "true", "Use true or false, without quotes."),
        ("isDryRun", 1, "Use true or false, without quotes."),
        ("port", "22", "Use a whole number, without quotes."),
        ("port", 22.0, "Use a whole number, without quotes."),
        ("port", True, "Use a whole number, without quotes."),
        ("name", 7, "Use a text."),
        ("name", False, "Use a text."),
        ("name", ["web1"], "Use a text."),
        ("priority", 1, "Use a text."),
        ("serverId", 7, "Use a text."),
        ("tags", "edge", "Use a list."),
        ("tags", {"edge": True}, "Use a list."),
        ("tags", ["edge", 7], "Use a list of texts."),
    ],
)
def test_a_value_of_another_type_is_refused_by_its_name(
    name: str, value: Any, sentence: str
) -> None:
    asked = Sample(data={name: value})
    assert not asked.is_valid()
    assert dict(asked.errors) == {name: [sentence]}


def test_values_of_their_types_are_taken() -> None:
    given = {
        "isDryRun": True,
        "port": 22,
        "name": "web1",
        "priority": "LOW",
        "serverId": "51f52954-c23e-47d4-b97f-19d76164d3d0",
        "tags": ["edge"],
        "parameters": {"deep": [1, "2"]},
    }
    assert Sample(data=given).is_valid()
    assert Sample(data={"isDryRun": None}).is_valid()


def test_null_is_refused_by_the_field_itself() -> None:
    asked = Sample(data={"port": None})
    assert not asked.is_valid()
    assert dict(asked.errors) == {"port": ["This field may not be null."]}


def test_wrong_types_unknown_names_and_wrong_values_are_said_at_once() -> None:
    asked = Sample(data={"port": "22", "dryRun": True, "priority": "URGENT"})
    assert not asked.is_valid()
    assert set(asked.errors) == {"port", "dryRun", "priority"}
