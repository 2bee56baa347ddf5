"""Envelopes of the API's answers, for its OpenAPI document: ``{"server": {...}}`` and lists."""

from functools import cache
from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers


@cache
def one(name: str, serializer: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """Describe ``{name: {...}}``."""
    # A detail is another component than what lists show of it.
    detail = "Detail" if serializer.__name__.endswith("DetailSerializer") else ""
    return inline_serializer(f"{_title(name)}{detail}Envelope", {name: serializer()})


@cache
def page(
    name: str, serializer: type[serializers.Serializer[Any]], *, component: str = ""
) -> serializers.Serializer[Any]:
    """Describe a page of a list under its plural ``name``.

    ``component`` names it in the document, where another list has the same plural.
    """
    return inline_serializer(
        component or f"{_title(name)}Page",
        {
            name: serializer(many=True),
            "total": serializers.IntegerField(),
            "page": serializers.IntegerField(),
            "limit": serializers.IntegerField(),
        },
    )


class ErrorSerializer(serializers.Serializer[Any]):
    """Every error: its kind, a sentence for people, a code for programs, and details."""

    error = serializers.CharField()
    message = serializers.CharField()
    code = serializers.CharField()
    details = serializers.DictField()


def _title(name: str) -> str:
    return name[0].upper() + name[1:]
