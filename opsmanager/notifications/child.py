"""Asks the program that sends, and ends it when it takes too long."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from opsmanager.common import secrets_in_use
from opsmanager.notifications import kinds

SECONDS: Final = 30
"""How long one send may take, whatever the other side does."""
LOOK_SECONDS: Final = 20
_KEPT: Final = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
)
"""Of the environment it gets no more: no secret of OpsManager, no proxy, no netrc."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of it."""

    ok: bool
    reason: str = ""
    """Why not, in a sentence, without the secrets of the address."""
    shown: str = ""
    """What may be shown of the address; of a look."""
    is_refused: bool = False
    """Whether trying again is of no use."""


def look(url: str) -> Answer:
    """Say whether an address can be used, and what may be shown of it. Sends nothing."""
    return _ask(url, LOOK_SECONDS, do="look")


def send(url: str, *, title: str, body: str, tone: str, seconds: float = SECONDS) -> Answer:
    """Send one message."""
    return _ask(url, seconds, do="send", title=title, body=body, tone=tone)


def _ask(url: str, seconds: float, **asked: str) -> Answer:
    allowed = settings.NOTIFY_ALLOWED_NETWORKS
    opened = [*(str(network) for network in allowed.networks), *sorted(allowed.hosts)]
    question = {"url": url, "seconds": seconds, "allowed": opened, **asked}
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "opsmanager.notifications.sender"],
            input=json.dumps(question),
            capture_output=True,
            text=True,
            timeout=seconds,
            cwd=settings.BASE_DIR,
            env={**environment, "HOME": "/nonexistent"},
            start_new_session=True,
            check=False,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return Answer(
            ok=False,
            reason=f"It took longer than {seconds:g} seconds and was given up. It may have arrived "
            "all the same.",
        )
    except ValueError:
        return Answer(ok=False, reason="The program that sends ended without an answer.")
    redactor = secrets_in_use.redactor_with(kinds.secrets_of(url))
    return Answer(
        ok=bool(answer["ok"]),
        reason=redactor.text(str(answer.get("reason", ""))),
        shown=str(answer.get("shown", "")),
        is_refused=bool(answer.get("is_refused")),
    )
