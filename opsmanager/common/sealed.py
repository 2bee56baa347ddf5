"""What a row with sealed secrets can do, so that all such rows can be found and sealed anew."""

from collections.abc import Mapping

from opsmanager.common.models import UUIDModel


class SealedModel(UUIDModel):
    """A row that holds texts which :mod:`opsmanager.common.vault` sealed for it.

    A subclass says where they are. Whoever sets out to change the keys finds each subclass.
    """

    class Meta:
        abstract = True

    def sealed_texts(self) -> dict[str, str]:
        """Return the sealed texts by the name of the field each was sealed for; no empty ones."""
        raise NotImplementedError

    def put_sealed_texts(self, texts: Mapping[str, str]) -> None:
        """Put other sealed texts in the place of those with the same names; not saved."""
        raise NotImplementedError
