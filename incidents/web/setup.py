"""What to paste into a sender, so that it sends its alerts here."""

from dataclasses import dataclass
from typing import Final

from incidents.models import Source
from incidents.selectors.sources import url_of

TOKEN_HERE: Final = "THE-TOKEN"  # noqa: S105 - what stands in its place
SECRET_HERE: Final = "THE-SECRET"  # noqa: S105 - what stands in its place


@dataclass(frozen=True, kw_only=True)
class Setup:
    """How a sender is set up: what to do, and a text to paste."""

    says: str
    text: str


def setup_of(source: Source, *, token: str = "", secret: str = "") -> Setup:
    """Return how the source is set up; without a token or secret words stand in their place."""
    kind = f"{source.kind}-signature" if source.signs else source.kind
    says, text = _TEXTS[kind]
    filled = (
        text.replace("@URL@", url_of(source))
        .replace("@TOKEN@", token or TOKEN_HERE)
        .replace("@SECRET@", secret or SECRET_HERE)
    )
    return Setup(says=says, text=filled)


_TEXTS: Final = {
    "alertmanager": (
        (
            "Put the receiver into alertmanager.yml, name it in a route, and reload Alertmanager. "
            "Each alert tells its server by a label such as instance."
        ),
        """\
route:
  receiver: opsmanager
receivers:
  - name: opsmanager
    webhook_configs:
      - url: @URL@
        send_resolved: true
        http_config:
          authorization:
            type: Bearer
            credentials: @TOKEN@
""",
    ),
    "grafana": (
        (
            "Add a contact point of the kind Webhook and route alerts to it, or put this file into "
            "Grafana's folder provisioning/alerting."
        ),
        """\
apiVersion: 1
contactPoints:
  - orgId: 1
    name: OpsManager
    receivers:
      - uid: opsmanager
        type: webhook
        disableResolveMessage: false
        settings:
          url: @URL@
          httpMethod: POST
          authorization_scheme: Bearer
          authorization_credentials: @TOKEN@
""",
    ),
    "grafana-signature": (
        (
            "Add a contact point of the kind Webhook with these settings. The timestamp header is "
            "needed: without it the time is not signed, and what is sent is refused."
        ),
        """\
URL:                               @URL@
HTTP Method:                       POST
HMAC Signature, Secret:            @SECRET@
HMAC Signature, Header:            X-Grafana-Alerting-Signature
HMAC Signature, Timestamp Header:  X-Grafana-Alerting-Timestamp
""",
    ),
    "pagerduty-signature": (
        (
            "In PagerDuty, open Integrations, Generic Webhooks (v3), and add one with this address "
            "and these events. PagerDuty shows its signing secret once: enter it here."
        ),
        """\
Webhook URL:  @URL@
Scope:        Account, or the services that matter
Events:       incident.triggered
              incident.acknowledged
              incident.unacknowledged
              incident.reopened
              incident.resolved
""",
    ),
    "generic": (
        (
            "Send JSON by POST, such as this. Where it has other names, the source's page maps "
            "them. The status resolved, with the same fingerprint, says that it is over."
        ),
        """\
curl --fail @URL@ \\
  --header 'Authorization: Bearer @TOKEN@' \\
  --header 'Content-Type: application/json' \\
  --data '{
    "title": "Backup of db-1 failed",
    "severity": "critical",
    "status": "firing",
    "fingerprint": "backup-db-1",
    "labels": {"server": "db-1"}
  }'
""",
    ),
    "generic-signature": (
        "Send JSON by POST and sign it: HMAC-SHA256 over the time in seconds, a dot and the body.",
        """\
body='{"title": "Backup of db-1 failed", "fingerprint": "backup-db-1"}'
now=$(date +%s)
signature=$(printf '%s.%s' "$now" "$body" |
  openssl dgst -sha256 -hmac '@SECRET@' -r | cut -d ' ' -f 1)
curl --fail @URL@ \\
  --header 'Content-Type: application/json' \\
  --header "X-OpsManager-Timestamp: $now" \\
  --header "X-OpsManager-Signature: sha256=$signature" \\
  --header "X-OpsManager-Delivery: backup-db-1-$now" \\
  --data-binary "$body"
""",
    ),
}
