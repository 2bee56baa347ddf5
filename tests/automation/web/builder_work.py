"""Somebody who works on a workflow with the builder."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from automation import workflows as core
from automation.models import Workflow
from automation.services import workflows
from opsmanager.accounts.models import User
from tests.automation.web.test_runbooks import HTMX
from tests.automation.web.test_templates import text_of
from tests.support.form_fields import fields_of

As = Callable[[str], Client]
Persona = Callable[[str], User | None]
NEW = "/workflows/new/"


class Work:
    """Somebody who works on a workflow: types into what the page shows, and presses a button."""

    def __init__(self, client: Client, url: str = NEW) -> None:
        self.client, self.url = client, url
        self.page = text_of(client.get(url))
        self.status = 200

    @property
    def fields(self) -> dict[str, str]:
        return fields_of(self.page, "workflow_builder")

    @property
    def text(self) -> str:
        return self.fields["text"].replace("\r\n", "\n")

    @property
    def workflow(self) -> dict[str, Any]:
        return core.load(self.text).as_json()

    def press(self, act: str, **typed: str) -> Any:
        values = {**self.fields, "act": act}
        values |= {name.replace("__", "-"): value for name, value in typed.items()}
        answer = self.client.post(self.url, values, headers=HTMX)
        if not answer.headers.get("HX-Redirect"):
            self.page, self.status = text_of(answer), answer.status_code
        return answer


def saved(persona: Persona, **fields: Any) -> Workflow:
    admin = persona("admin")
    assert admin is not None
    raw = {"name": "Mend it", "nodes": {"told": {"kind": "note", "text": "Hello"}}, **fields}
    return workflows.save(actor=admin, definition=core.parsed(raw))
