"""The secret parameters of executions, sealed."""

from collections.abc import Mapping

from django.db import models
from django.db.models.functions import Now

from automation.models.catalog_entry import CatalogEntry
from opsmanager.common.sealed import SealedModel


class SecretParameters(SealedModel):
    """The secret parameters that one launch gave, sealed for this row; only workers can open them.

    Executions refer to them: those of a batch, and those that run one again, share them.
    """

    runbook = models.ForeignKey(CatalogEntry, on_delete=models.CASCADE, related_name="+")
    sealed = models.JSONField(default=dict)
    """The sealed texts by the parameters' names on the wire."""
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "secret parameters"
        default_permissions = ()

    def __str__(self) -> str:
        return f"secret parameters {self.pk} of {self.runbook}"

    @property
    def names(self) -> list[str]:
        """The parameters' names on the wire."""
        return sorted(self.sealed)

    def sealed_texts(self) -> dict[str, str]:
        """Return the sealed texts by the place each was sealed for."""
        return {self.place_of(name): text for name, text in self.sealed.items()}

    def put_sealed_texts(self, texts: Mapping[str, str]) -> None:
        """Replace sealed texts by others; not saved."""
        names = {self.place_of(name): name for name in self.sealed}
        self.sealed |= {names[place]: text for place, text in texts.items()}

    def place_of(self, name: str) -> str:
        """Return what a parameter is sealed for: this runbook's parameter of that name.

        So that what was given to one runbook can't be made to open in another.
        """
        return f"{self.runbook.runbook_id}.{name}"
