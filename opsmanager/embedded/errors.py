"""What can go wrong around a start, each as a sentence that says what to do next."""


class EmbeddedError(Exception):
    """OpsManager's surroundings could not be started."""


class AlreadyRunningError(EmbeddedError):
    """Another OpsManager holds the data folder."""


class DataFolderError(EmbeddedError):
    """The data folder cannot be used."""


class SecretsError(EmbeddedError):
    """The data folder's secrets do not fit together."""


class AddressError(EmbeddedError):
    """The web cannot listen where it was told to."""


class ServiceError(EmbeddedError):
    """PostgreSQL or Redis cannot be reached or started."""


class ProgramError(EmbeddedError):
    """A program ended that should not have, or ended badly."""
