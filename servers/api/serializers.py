"""Servers, groups and credentials as JSON; secrets are write-only."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from opsmanager.common.api.case import ModelSerializer, Serializer
from servers.models import Credential, HostKey, Server, ServerGroup
from servers.reach import why_not


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A key",
            value={
                "name": "deploy key",
                "username": "ops",
                "authType": "PRIVATE_KEY",
                "privateKey": "the text of the file id_ed25519",
            },
            request_only=True,
        )
    ]
)
class CredentialSerializer(ModelSerializer):
    """A credential. Its secrets can be written and are never shown."""

    password = serializers.CharField(
        write_only=True, required=False, allow_blank=True, trim_whitespace=False, max_length=1024
    )
    private_key = serializers.CharField(
        write_only=True, required=False, allow_blank=True, trim_whitespace=False, max_length=16384
    )
    passphrase = serializers.CharField(
        write_only=True, required=False, allow_blank=True, trim_whitespace=False, max_length=1024
    )

    class Meta:
        model = Credential
        fields: ClassVar = [
            "id",
            "name",
            "username",
            "auth_type",
            "password",
            "private_key",
            "passphrase",
            "created_at",
            "updated_at",
        ]


class TendedMixin:
    """Show maintenance as it is now: what is over by the clock is not shown."""

    def to_representation(self, instance: Any) -> Any:
        """Return the row as JSON."""
        shown = super().to_representation(instance)  # type: ignore[misc]
        if not instance.is_tended:
            shown |= {"inMaintenance": False, "maintenanceReason": "", "maintenanceUntil": None}
        return shown


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "The shop",
            value={"name": "shop", "description": "Behind shop.example"},
            request_only=True,
        )
    ]
)
class ServerGroupSerializer(TendedMixin, ModelSerializer):
    """A server group; all its servers are in maintenance with it."""

    class Meta:
        model = ServerGroup
        fields: ClassVar = [
            "id",
            "name",
            "description",
            "in_maintenance",
            "maintenance_reason",
            "maintenance_until",
            "created_at",
            "updated_at",
        ]


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A production server",
            value={
                "name": "web-1",
                "hostname": "web-1.example",
                "environment": "PRODUCTION",
                "credentialId": "6f1f7c9e-2b5b-4d43-9a35-0d6f3c1f7a10",
                "tags": ["frontend"],
            },
            request_only=True,
        )
    ]
)
class ServerSerializer(TendedMixin, ModelSerializer):
    """A server; ``reachable`` and what follows it are what the last check found.

    ``inMaintenance`` is its own: a group of it may be in maintenance, too. ``aliases`` are other
    names by which alerts call it.
    """

    credential_id = serializers.PrimaryKeyRelatedField(
        source="credential", queryset=Credential.objects.all(), allow_null=True, required=False
    )
    group_ids = serializers.PrimaryKeyRelatedField(
        source="groups", queryset=ServerGroup.objects.all(), many=True, required=False
    )

    class Meta:
        model = Server
        fields: ClassVar = [
            "id",
            "name",
            "hostname",
            "port",
            "aliases",
            "platform",
            "environment",
            "zone",
            "approvals",
            "description",
            "credential_id",
            "group_ids",
            "tags",
            "is_active",
            "in_maintenance",
            "maintenance_reason",
            "maintenance_until",
            "keeps_records",
            "reachable",
            "latency_ms",
            "error_code",
            "error_message",
            "checked_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields: ClassVar = [
            "reachable",
            "latency_ms",
            "error_code",
            "error_message",
            "checked_at",
        ]

    def validate_hostname(self, hostname: str) -> str:
        """Refuse an address that can't be a server's."""
        if said := why_not(hostname):
            raise serializers.ValidationError(said)
        return hostname


@extend_schema_serializer(component_name="ServerCheck")
class CheckSerializer(Serializer):
    """What a look at a server found."""

    reachable = serializers.BooleanField()
    latency_ms = serializers.IntegerField(allow_null=True)
    error_code = serializers.CharField()
    message = serializers.CharField()


@extend_schema_serializer(component_name="HostKeyFingerprint")
class KeySerializer(Serializer):
    """A host key by its type and fingerprint, as ``ssh-keygen -l`` prints it."""

    type = serializers.CharField()
    fingerprint = serializers.CharField()


class HostKeySerializer(Serializer):
    """What is known of a server's host key; ``errorCode`` and ``message`` say why none is seen."""

    status = serializers.ChoiceField(["UNKNOWN", "ACCEPTED", "CHANGED"])
    accepted = KeySerializer(allow_null=True)
    offered = KeySerializer(allow_null=True)
    error_code = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)


class FingerprintSerializer(Serializer):
    """Which offered key is accepted."""

    fingerprint = serializers.CharField(max_length=100)


def key_as_json(key: HostKey | None) -> dict[str, Any] | None:
    """Return a host key for :class:`HostKeySerializer`."""
    return {"type": key.type, "fingerprint": key.fingerprint} if key else None
