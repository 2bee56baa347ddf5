"""The forms of webhooks by their kind, a plain string."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from incidents.sources import alertmanager, generic, grafana, pagerduty
from incidents.sources.alert import Alert

TOKEN: Final = "token"  # noqa: S105 - a word, no token
SIGNATURE: Final = "signature"


@dataclass(frozen=True, kw_only=True)
class Form:
    """One form of webhook."""

    kind: str
    title: str
    alerts_of: Callable[[Any, Mapping[str, Any]], list[Alert]]
    """Reads a body of JSON with the source's mapping. Raises ``Malformed``."""
    proofs: tuple[str, ...]
    """How its sender can prove who it is: ``token``, ``signature``; the usual one first."""
    is_mapped: bool = False
    """Whether a mapping says where its fields stand."""
    brings_secret: bool = False
    """Whether the sender makes the secret it signs with."""


_FORMS: Final = (
    Form(
        kind="alertmanager",
        title="Prometheus Alertmanager",
        alerts_of=alertmanager.alerts_of,
        proofs=(TOKEN,),
    ),
    Form(kind="grafana", title="Grafana", alerts_of=grafana.alerts_of, proofs=(TOKEN, SIGNATURE)),
    Form(
        kind="pagerduty",
        title="PagerDuty",
        alerts_of=pagerduty.alerts_of,
        proofs=(SIGNATURE,),
        brings_secret=True,
    ),
    Form(
        kind="generic",
        title="Any JSON",
        alerts_of=generic.alerts_of,
        proofs=(TOKEN, SIGNATURE),
        is_mapped=True,
    ),
)
FORMS: Final[Mapping[str, Form]] = {form.kind: form for form in _FORMS}
"""By kind, in the order in which they are offered."""
