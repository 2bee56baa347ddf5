"""Keeps secrets, and forged lines, out of whatever this process logs."""

import logging
import re
import sys
import threading
import traceback
from types import TracebackType
from typing import Any, Final

import structlog

from opsmanager.common import secrets_in_use
from opsmanager.common.redact import Redactor

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BUT_LINES: Final = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
_SEVERAL_LINES: Final = ("exception", "stack", "stack_info")
_INDENT: Final = "\n    "


def mask_event(
    logger: Any,
    method: str,
    event: structlog.typing.EventDict,
) -> structlog.typing.EventDict:
    """Mask each field of an event: a structlog processor, after the traceback was written out."""
    redactor = secrets_in_use.redactor()
    return {name: _masked_field(redactor, name, value) for name, value in event.items()}


def one_line(
    logger: Any,
    method: str,
    event: structlog.typing.EventDict,
) -> structlog.typing.EventDict:
    """Spell control characters out, so that nobody's name can begin a line or colour it.

    A traceback keeps its lines, indented. For text; in JSON they are spelt out anyway.
    """
    return {name: _harmless(name, value) for name, value in event.items()}


def last_look(
    logger: Any,
    method: str,
    line: str,
) -> str:
    """Mask known values in the finished line, in whatever form they came into it."""
    return secrets_in_use.redactor().known_only(line)


class RedactingFilter(logging.Filter):
    """Masks a record before a handler sees it: its message, arguments, traceback and stack."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the record, which every handler may see masked.

        ``exc_info`` stays for handlers that make a report of it; formatters take ``exc_text``.
        """
        redactor = secrets_in_use.redactor()
        if isinstance(record.msg, dict):  # structlog's, on its way to our own formatter
            record.msg = mask_event(None, "", record.msg)
        else:
            record.msg, record.args = redactor.text(_message(record)), None
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = redactor.text(_formatted(record.exc_info[1]))
        elif record.exc_text:
            record.exc_text = redactor.text(record.exc_text)
        if record.stack_info:
            record.stack_info = redactor.text(record.stack_info)
        return True


def install_hooks() -> None:
    """Mask the traceback of an error that nobody caught, in any thread of this process."""
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    sys.stderr.write(secrets_in_use.redactor().text(_formatted(error.with_traceback(trace))))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is None or issubclass(args.exc_type, SystemExit):
        return
    name = args.thread.name if args.thread else "?"
    shown = secrets_in_use.redactor().text(_formatted(args.exc_value))
    sys.stderr.write(f"Exception in thread {name}:\n{shown}")


def _formatted(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # A message whose arguments do not fit it; logging itself would print both unmasked.
        return f"{record.msg} {record.args!r}"


def _masked_field(redactor: Redactor, name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        several = name in _SEVERAL_LINES
        return redactor.text(value) if several else redactor.value({name: value})[name]
    if isinstance(value, dict | list | tuple):
        return redactor.value(_plain(value))
    if name.startswith("_"):  # structlog's own
        return value
    return redactor.text(str(value) if isinstance(value, BaseException) else repr(value))


def _plain(value: Any) -> Any:
    """Return what is made of dictionaries and lists with everything else as text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, str | bool | int | float) else repr(value)


def _harmless(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if name in _SEVERAL_LINES:
        return _BUT_LINES.sub(_spelt, value).replace("\n", _INDENT)
    return _CONTROL.sub(_spelt, value)


def _spelt(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
