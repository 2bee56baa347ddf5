"""The kinds that a runbook declares: what it is for and where it runs."""

from enum import StrEnum


class Category(StrEnum):
    """What a runbook is for; the library is sorted by it."""

    RECOVERY = "RECOVERY"
    MAINTENANCE = "MAINTENANCE"
    INCIDENT_RESPONSE = "INCIDENT_RESPONSE"
    CONFIGURATION = "CONFIGURATION"
    SECURITY = "SECURITY"

    @property
    def label(self) -> str:
        """The category for people, such as "Incident response"."""
        return self.value.replace("_", " ").capitalize()


class Suggests(StrEnum):
    """What a server has of which a parameter names one; the form offers those that are there."""

    UNITS = "units"
    """Its systemd units."""
    FILE_SYSTEMS = "file-systems"
    """Where its file systems are mounted."""
    PROCESSES = "processes"
    """The names of the programs that run."""


class Platform(StrEnum):
    """An operating system that a runbook can work on."""

    LINUX = "LINUX"
    WINDOWS = "WINDOWS"

    @property
    def label(self) -> str:
        """The platform for people, such as "Linux"."""
        return self.value.capitalize()
