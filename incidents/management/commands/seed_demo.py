"""Make the demo servers known, and open the incident that one of them has."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from automation.models import CatalogEntry
from automation.services import schedules, templates
from incidents.models import Incident, RuleMode
from incidents.selectors import incidents as selectors
from incidents.services import incidents, rules
from opsmanager.accounts.models import User
from servers.models import AuthType, Credential, HostKeyState, Server, ServerGroup
from servers.services import credentials, host_keys, servers
from servers.ssh.host_keys import HostKey


class Command(BaseCommand):
    """Seed or refresh the demo; running it again changes nothing that a person did."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file that the demo servers wrote."""
        parser.add_argument("servers_file", type=Path)

    @transaction.atomic
    def handle(self, *_args: Any, servers_file: Path, **_options: Any) -> None:
        """Seed each server of the file."""
        try:
            described = json.loads(servers_file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise CommandError(f"{servers_file} can't be read: {problem}") from problem
        group, is_first = ServerGroup.objects.get_or_create(
            name="demo", defaults={"description": "The servers that came with `make run`"}
        )
        for one in described:
            self._seed(one, group)
        admin = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
        # Only once: what a person deleted or changed stays so.
        if is_first and admin is not None:
            _show_what_starts_by_itself(admin, group)
        self.stdout.write(f"{len(described)} demo servers are known.")

    def _seed(self, one: dict[str, Any], group: ServerGroup) -> None:
        server = Server.objects.filter(name=one["name"]).first()
        server = servers.save(
            actor=None,
            server=server,
            groups=[group],
            name=one["name"],
            hostname=one["hostname"],
            port=one["port"],
            platform=one["platform"],
            environment=one["environment"].upper(),
            description=one["description"],
            credential=_credential(one),
        )
        key = HostKey(type=one["hostKey"]["type"], blob_base64=one["hostKey"]["publicKey"])
        known = server.host_keys.filter(state=HostKeyState.ACCEPTED).first()
        if known is None or known.fingerprint != key.fingerprint:
            host_keys.pin(
                server=server,
                type=key.type,
                public_key=key.blob_base64,
                fingerprint=key.fingerprint,
            )
        incident = one.get("incident")
        if incident:
            fingerprint = f"demo:{one['name']}:{incident['labels'].get('unit', '')}"
            _settle_fixed(fingerprint)
            incidents.open_incident(
                title=incident["title"],
                severity=incident["severity"],
                source="demo",
                fingerprint=fingerprint,
                server=server,
                labels=incident["labels"],
                description=incident["description"],
            )


def _show_what_starts_by_itself(admin: User, group: ServerGroup) -> None:
    """Make a template, a schedule that only reads, and a rule that only suggests."""
    restart = CatalogEntry.objects.get(runbook_id="SERVICE_RESTART")
    templates.save(
        actor=admin,
        name="Restart the shop",
        description="What helps when customers see an error page.",
        parameters={"serviceName": "shop.service"},
        runbook=restart,
    )
    schedules.save(
        actor=admin,
        name="Health of the demo servers",
        description="Looks at each of them every morning and changes nothing.",
        runbook=CatalogEntry.objects.get(runbook_id="HEALTH_CHECK"),
        server_group=group,
        cron_expression="0 6 * * *",
        is_confirmed=True,
    )
    rule = rules.save(
        actor=admin,
        name="Restart a unit that failed",
        description="Suggests it. Switch it to automatic once you trust it.",
        labels={"alertname": "SystemdUnitFailed", "unit": "*.service"},
        parameters={"serviceName": "{{ labels.unit }}"},
        runbook=restart,
    )
    rules.set_mode(actor=admin, rule=rule, mode=RuleMode.SUGGEST)


def _settle_fixed(fingerprint: str) -> None:
    """Close what was fixed before: a demo server that starts anew is broken anew."""
    for incident in Incident.objects.filter(fingerprint=fingerprint):
        if incident.is_open and selectors.fixed_by(incident):
            incidents.close(incident, "The demo servers were started anew.")


def _credential(one: dict[str, Any]) -> Credential:
    key = Path(one["privateKeyFile"]).read_text(encoding="utf-8")
    name = f"demo {one['username']}"
    return credentials.save(
        actor=None,
        credential=Credential.objects.filter(name=name).first(),
        name=name,
        username=one["username"],
        auth_type=AuthType.PRIVATE_KEY,
        private_key=key,
    )
