"""Django's reports of errors, by mail and with DEBUG as pages: without secrets, in either case."""

import json
import re
from collections.abc import ItemsView, Iterable, Iterator
from pprint import pformat
from types import FrameType
from typing import Any, Final

from django.http import HttpRequest, QueryDict
from django.http.request import RawPostDataException
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from opsmanager.common import secrets_in_use
from opsmanager.common.redact import MASK, Redactor

_LONGEST: Final = 4000
_NAMES: Final = re.compile(
    r"(?i)api|auth|token|key|secret|pass|signature|cookie|credential|session|sealed|dsn|private"
    r"|database|redis|broker"
)
# Settings that are only named like secrets.
_NO_SECRETS = re.compile(r"(?:AUTH|PASSWORD|SESSION|CSRF)_[A-Z_]+(?<!KEY)(?<!TOKEN)")


class SafeFilter(SafeExceptionReporterFilter):
    """Hides what is named like a secret, masks what is one, whether DEBUG is on or not."""

    cleansed_substitute = MASK
    hidden_settings = _NAMES

    def is_active(self, request: HttpRequest | None) -> bool:
        """Say that it always is."""
        return True

    def cleanse_setting(self, key: Any, value: Any) -> Any:
        """Return a setting, a cookie or a header as it may be shown."""
        if isinstance(key, str) and _NO_SECRETS.fullmatch(key):
            return value
        cleansed = super().cleanse_setting(key, value)
        return secrets_in_use.redactor().text(cleansed) if isinstance(cleansed, str) else cleansed

    def get_post_parameters(self, request: HttpRequest | None) -> Any:
        """Return what was posted, without what is named like a secret."""
        if request is None:
            return {}
        return _without_secrets(request.POST)

    def get_cleansed_multivaluedict(self, request: HttpRequest, multivaluedict: Any) -> Any:
        """Return the same of a dictionary that is a variable."""
        return _without_secrets(multivaluedict)

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        """Return the variables of a frame, each as the text that may be shown."""
        redactor = redactor_for(request)
        shown = {
            name: MASK if value == MASK or _NAMES.search(name) else _Shown(redactor, value)
            for name, value in super().get_traceback_frame_variables(request, tb_frame)
        }
        return shown.items()


class SafeReporter(ExceptionReporter):
    """Masks all of a report, the texts of errors first of all."""

    def get_traceback_data(self) -> dict[str, Any]:
        """Return what the report is made of."""
        redactor = redactor_for(self.request)
        data = super().get_traceback_data()
        for name in ("exception_value", "exception_notes", "unicode_hint", "request_insecure_uri"):
            if isinstance(data.get(name), str):
                data[name] = redactor.text(data[name])
        for frame in data["frames"]:
            for name in ("exc_cause",):
                if frame.get(name) is not None:
                    frame[name] = redactor.text(str(frame[name]))
        if "request_GET_items" in data:
            data["request_GET_items"] = [
                (name, redactor.value({name: value})[name])
                for name, value in data["request_GET_items"]
            ]
        return data

    def get_traceback_html(self) -> SafeString:
        """Return the report as a page."""
        page = redactor_for(self.request).known_only(super().get_traceback_html())
        # Only less than what Django has escaped.
        return SafeString(page)  # nosec B703 - as said above

    def get_traceback_text(self) -> SafeString:
        """Return the report as text, as it is mailed."""
        text = redactor_for(self.request).text(super().get_traceback_text())
        return SafeString(text)  # nosec B703 - plain text, for a mail


class _Shown:
    """A variable of which only the masked text is left."""

    def __init__(self, redactor: Redactor, value: Any) -> None:
        try:
            text = pformat(value)
        except Exception as error:  # noqa: BLE001 - any repr may fail, and no report does for that
            text = f"<{type(value).__name__}: {type(error).__name__} in its repr>"
        text = redactor.text(text)
        self._text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

    def __repr__(self) -> str:
        return self._text


def redactor_for(request: HttpRequest | None) -> Redactor:
    """Return what masks this process's secrets, and those that were just typed in."""
    typed = list(_typed(request)) if request is not None else []
    if not typed:
        return secrets_in_use.redactor()
    return secrets_in_use.redactor_with(typed)


def _typed(request: HttpRequest) -> Iterator[str]:
    for name in request.POST:
        if _NAMES.search(name):
            yield from filter(None, map(str, request.POST.getlist(name)))
    try:
        body = json.loads(request.body)
    except (ValueError, RawPostDataException, OSError):
        return
    yield from _secrets_in(body)


def _secrets_in(value: Any, *, is_secret: bool = False) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _secrets_in(item, is_secret=is_secret or bool(_NAMES.search(name)))
    elif isinstance(value, list):
        for item in value:
            yield from _secrets_in(item, is_secret=is_secret)
    elif is_secret and isinstance(value, str):
        yield value


def _without_secrets(given: Any) -> Any:
    redactor = secrets_in_use.redactor()
    copy = QueryDict(mutable=True)
    for name in given:
        values: Iterable[Any] = given.getlist(name)
        hidden = bool(_NAMES.search(str(name)))
        copy.setlist(name, [MASK if hidden else redactor.text(str(value)) for value in values])
    return copy
