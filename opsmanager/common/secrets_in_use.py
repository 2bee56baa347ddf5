"""The secrets that this process holds, and a redactor for what it logs, audits and answers.

The log of an execution is masked by the secrets of that execution alone; what a process says of
itself by all that passed through it.
"""

import os
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import unquote, urlsplit

from django.conf import settings

from opsmanager.common.redact import Redactor
from opsmanager.common.redact.forms import LEAST

_LEAST_OWN: Final = 8
"""Characters; a shorter password of a service is more often a word such as "postgres"."""
_LEAST_KEPT: Final = 300
_MOST: Final = 2 * _LEAST_KEPT
"""How many secrets of others are remembered; then the older half is forgotten."""
_NAMES = re.compile(r"(?i)(?:SECRET|PASSWORD|PASSWD|TOKEN|PRIVATE_KEYS?|API_?KEY|SECRET_KEY)$")

_remembered: OrderedDict[str, None] = OrderedDict()
_lock = threading.Lock()
_current: Redactor | None = None


def own() -> tuple[str, ...]:
    """Return OpsManager's own secrets, as far as this process has them; none before its settings.

    They are those of the settings, and environment variables that are named like secrets.
    """
    return _own() if settings.configured else ()


def remember(values: Iterable[str | None]) -> None:
    """Have these secrets masked in all that this process logs, from now on."""
    global _current  # noqa: PLW0603 - one for the process, as its log is
    with _lock:
        new = []
        for value in values:
            if value and len(value) >= LEAST:
                if value not in _remembered:
                    new.append(value)
                _remembered[value] = None
                _remembered.move_to_end(value)
        if len(_remembered) > _MOST:
            while len(_remembered) > _LEAST_KEPT:
                _remembered.popitem(last=False)
            _current = None
        elif new and _current is not None:
            # To begin anew with each server's credential would cost more than all else it does.
            _current = _current.with_also(new)


def redactor() -> Redactor:
    """Return what masks all secrets that this process holds or held."""
    global _current  # noqa: PLW0603 - see above
    if not settings.configured:
        return _families()
    with _lock:
        if _current is None:
            _current = Redactor((*own(), *_remembered))
        return _current


def masked(text: str) -> str:
    """Return what a person wrote, a reason or a description, without secrets that stand in it."""
    return redactor().text(text)


def redactor_with(values: Iterable[str]) -> Redactor:
    """Return what masks these as well, for one use."""
    return redactor().with_also(values)


@lru_cache(maxsize=1)
def _families() -> Redactor:
    return Redactor()


@lru_cache(maxsize=1)
def _own() -> tuple[str, ...]:
    database = settings.DATABASES["default"]
    # A password that is also a name, as "opsmanager" may be, would mask each mention of it.
    names = {str(database.get(key, "")) for key in ("USER", "NAME", "HOST")}
    redis = urlsplit(getattr(settings, "REDIS_URL", ""))
    values = [
        settings.SECRET_KEY,
        *settings.SECRET_KEY_FALLBACKS,
        str(database.get("PASSWORD", "")),
        unquote(redis.password or ""),
        settings.EMAIL_HOST_PASSWORD,
        settings.METRICS_TOKEN,
        getattr(settings, "JWT_PRIVATE_KEY", ""),
        *getattr(settings, "CREDENTIAL_PRIVATE_KEYS", ()),
        *(value for name, value in os.environ.items() if _NAMES.search(name)),
    ]
    return tuple({v for v in values if len(v) >= _LEAST_OWN and v not in names})
