"""Envelopes of the API's answers, for its OpenAPI document: ``{"server": {...}}`` and lists."""

from functools import cache

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers


@cache
def one(name: str, serializer: type[serializers.Serializer]) -> serializers.Serializer:
    """Describe ``{name: {...}}``."""
    return inline_serializer(f"{_title(name)}Envelope", {name: serializer()})


@cache
def page(name: str, serializer: type[serializers.Serializer]) -> serializers.Serializer:
    """Describe a page of a list under its plural ``name``."""
    return inline_serializer(
        f"{_title(name)}Page",
        {
            name: serializer(many=True),
            "total": serializers.IntegerField(),
            "page": serializers.IntegerField(),
            "limit": serializers.IntegerField(),
        },
    )


class ErrorSerializer(serializers.Serializer):
    """Every error: its kind, a sentence for people, a code for programs, and details."""

    error = serializers.CharField()
    message = serializers.CharField()
    code = serializers.CharField()
    details = serializers.DictField()


def _title(name: str) -> str:
    return name[0].upper() + name[1:]
