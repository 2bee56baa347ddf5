"""What is written about an incident: short enough, and of the words that there are."""

from collections.abc import Mapping
from typing import Final

from incidents.models import Severity
from opsmanager.common.problems import Invalid

MOST_LABELS: Final = 50
LABEL_NAME_LENGTH: Final = 100
LABEL_LENGTH: Final = 1000
TITLE_LENGTH: Final = 300
NOTE_LENGTH: Final = 4000


def title(given: str) -> str:
    """Return a title, tidied. Raises :class:`Invalid`."""
    found = " ".join(given.split())
    if not 0 < len(found) <= TITLE_LENGTH:
        said = f"Say in 1 to {TITLE_LENGTH} characters what is broken."
        raise Invalid(said, details={"title": [said]})
    return found


def severity(given: str) -> str:
    """Return a severity. Raises :class:`Invalid`."""
    if given not in Severity.values:
        said = f"Use one of: {', '.join(Severity.values)}."
        raise Invalid(said, details={"severity": [said]})
    return given


def labels(given: Mapping[str, str]) -> dict[str, str]:
    """Return labels, few and short enough. Raises :class:`Invalid`."""
    fits = len(given) <= MOST_LABELS and all(
        0 < len(name) <= LABEL_NAME_LENGTH and len(value) <= LABEL_LENGTH
        for name, value in given.items()
    )
    if not fits:
        said = (
            f"Use at most {MOST_LABELS} labels, names of 1 to {LABEL_NAME_LENGTH} and values of at "
            f"most {LABEL_LENGTH} characters."
        )
        raise Invalid(said, details={"labels": [said]})
    return dict(given)


def text(given: str, field: str, *, least: int) -> str:
    """Return a text of ``least`` characters, tidied. Raises :class:`Invalid`."""
    found = given.strip()
    if not least <= len(found) <= NOTE_LENGTH:
        said = f"Write {least} to {NOTE_LENGTH} characters."
        raise Invalid(said, details={field: [said]})
    return found
