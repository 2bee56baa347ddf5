"""Bodies of webhooks as their senders write them, whole but for what does not matter here."""

from typing import Any


def alertmanager(*alerts: dict[str, Any]) -> dict[str, Any]:
    """Return a delivery of Alertmanager; each alert is laid over a usual one."""
    usual = {
        "status": "firing",
        "labels": {"alertname": "ServiceDown", "instance": "web-1:9100", "severity": "warning"},
        "annotations": {},
        "startsAt": "2026-01-31T03:04:05.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "https://prometheus.example/graph",
        "fingerprint": "",
    }
    over = {"endsAt": "2026-01-31T04:00:00Z"}
    rows = [
        {**usual, **(over if one.get("status") == "resolved" else {}), **one}
        for one in alerts or ({},)
    ]
    return {
        "version": "4",
        "groupKey": '{}:{alertname="ServiceDown"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "opsmanager",
        "groupLabels": {"alertname": "ServiceDown"},
        "commonLabels": {"alertname": "ServiceDown"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example:9093",
        "alerts": rows,
    }


def grafana() -> dict[str, Any]:
    """Return a delivery of Grafana's webhook contact point."""
    return {
        "receiver": "OpsManager",
        "status": "firing",
        "orgId": 1,
        "alerts": [
            {
                "status": "firing",
                "labels": {"alertname": "Disk", "severity": "high", "server": "web-1"},
                "annotations": {"summary": "Disk full", "description": "97 % of /var"},
                "startsAt": "2026-01-31T03:04:05.1+01:00",
                "endsAt": "0001-01-01T00:00:00Z",
                "values": {"B": 97.5},
                "valueString": "[ var='B' value=97.5 ]",
                "generatorURL": "https://grafana.example/alerting/1afz29v7z/edit",
                "fingerprint": "c6eadffa33fcdf37",
                "silenceURL": "https://grafana.example/alerting/silence/new",
                "dashboardURL": "https://grafana.example/d/abc",
                "panelURL": "https://grafana.example/d/abc?viewPanel=1",
            }
        ],
        "groupLabels": {},
        "commonLabels": {"alertname": "Disk"},
        "commonAnnotations": {},
        "externalURL": "https://grafana.example/",
        "version": "1",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
        "title": "[FIRING:1] Disk",
        "state": "alerting",
        "message": "**Firing**",
    }


def pagerduty_event(
    kind: str = "incident.triggered", event: str = "01BY9R6Z9T5Y3K7C0M5V", **data: Any
) -> dict[str, Any]:
    """Return a delivery of PagerDuty's webhooks, version 3."""
    return {
        "event": {
            "id": event,
            "event_type": kind,
            "resource_type": "incident",
            "occurred_at": "2026-01-31T03:10:00.200Z",
            "agent": {"id": "PLH1HKV", "type": "user_reference"},
            "client": None,
            "data": {
                "id": "PGR0VU2",
                "type": "incident",
                "self": "https://api.pagerduty.com/incidents/PGR0VU2",
                "html_url": "https://acme.pagerduty.com/incidents/PGR0VU2",
                "number": 2,
                "status": "triggered",
                "incident_key": "d3640fbd41094207a1c11e58e46b1662",
                "created_at": "2026-01-31T03:04:05Z",
                "title": "A little bump in the road",
                "service": {"id": "PF9KMXH", "summary": "API Service"},
                "assignees": [],
                "escalation_policy": {"id": "PUS0KTE", "summary": "Default"},
                "teams": [],
                "priority": None,
                "urgency": "high",
                "conference_bridge": None,
                "resolve_reason": None,
                **data,
            },
        }
    }
