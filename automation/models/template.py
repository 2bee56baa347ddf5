"""Saved parameters of a runbook."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from automation.models.catalog_entry import CatalogEntry
from automation.models.secret_parameters import SecretParameters
from opsmanager.common.models import TimestampedModel, UUIDModel
from servers.models import Server, ServerGroup


class Template(UUIDModel, TimestampedModel):
    """Saved parameters of a runbook, run with one click: on its own server or group, or another."""

    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    runbook = models.ForeignKey(CatalogEntry, on_delete=models.PROTECT, related_name="templates")
    parameters = models.JSONField(default=dict, blank=True)
    """By names on the wire, without the secret ones."""
    secret_parameters = models.ForeignKey(
        SecretParameters, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    server = models.ForeignKey(
        Server, on_delete=models.SET_NULL, null=True, blank=True, related_name="templates"
    )
    """Where it runs unless another is chosen."""
    server_group = models.ForeignKey(
        ServerGroup, on_delete=models.SET_NULL, null=True, blank=True, related_name="templates"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(server__isnull=True) | Q(server_group__isnull=True),
                name="template_one_place",
            )
        ]

    def __str__(self) -> str:
        return self.name
