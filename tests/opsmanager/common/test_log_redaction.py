"""Whatever is logged, and however: no secret comes out, and no forged line."""

import json
import logging
import logging.config
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from uuid import uuid4

import pytest
import structlog

from opsmanager.common import secrets_in_use
from opsmanager.common.log_redaction import RedactingFilter
from opsmanager.settings.logging import LOGGING

Log = Callable[[], str]
SECRET = f"S3CR3T-{uuid4()}"


@pytest.fixture(autouse=True)
def _known() -> None:
    secrets_in_use.remember([SECRET])


@pytest.fixture
def root() -> Iterator[Log]:
    """The root logger of the settings, at DEBUG, into a text that is returned."""
    output = StringIO()
    (formatter,) = [make_formatter()]
    handler = logging.StreamHandler(output)
    handler.setFormatter(formatter)
    assert LOGGING["handlers"]["stderr"]["filters"] == ["redact"]  # type: ignore[index]
    handler.addFilter(RedactingFilter())
    root = logging.getLogger()
    level, handlers = root.level, root.handlers
    root.handlers, root.level = [handler], logging.DEBUG
    yield output.getvalue
    root.handlers, root.level = handlers, level


def make_formatter() -> logging.Formatter:
    fields = dict(LOGGING["formatters"]["line"])  # type: ignore[index]
    return fields.pop("()")(**fields)


class Strange:
    def __repr__(self) -> str:
        return f"<Strange {SECRET}>"


def fail(message: str) -> None:
    local = f"x{SECRET}"
    raise RuntimeError(f"{message} {local}")


def test_no_way_to_log_it_shows_it(root: Log) -> None:
    ours, theirs = structlog.get_logger("ours"), logging.getLogger("theirs")
    ours.warning("said", text=SECRET, deep={"a": [SECRET, Strange()]}, strange=Strange(), n=1)
    ours.warning(f"event {SECRET}")
    theirs.warning("args %s %r", SECRET, Strange())
    theirs.warning("dict %(a)s", {"a": SECRET})
    theirs.debug(f"debug {SECRET}")
    theirs.warning("does not fit %s %s", SECRET)
    theirs.warning("stack", stack_info=True)
    theirs.warning("error %s", ValueError(SECRET))
    for log in (ours.exception, theirs.exception):
        try:
            try:
                fail("first")
            except RuntimeError as error:
                error.add_note(f"note {SECRET}")
                raise ValueError(SECRET) from error
        except ValueError:
            log("it broke")
    said = root()
    assert SECRET not in said
    assert "***" in said
    assert "RuntimeError: first x***" in said
    for line in said.splitlines():
        json.loads(line)


def test_families_are_masked_in_logs_too(root: Log) -> None:
    logging.getLogger("x").warning("connecting to postgresql://ops:%s@db/x", "hunter2")
    structlog.get_logger("x").warning("sent", password="hunter2", header="Authorization: Bearer a1")
    said = root()
    assert "hunter2" not in said
    assert "postgresql://ops:***@db/x" in said
    assert "Bearer ***" in said


def test_other_handlers_are_given_a_masked_record() -> None:
    seen: list[logging.LogRecord] = []

    class Keeps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record)

    handler = Keeps()
    handler.addFilter(RedactingFilter())
    logger = logging.Logger("alone")
    logger.addHandler(handler)
    try:
        fail("once")
    except RuntimeError:
        logger.exception("with %s", SECRET, stack_info=True)
    logger.warning("no arguments")
    logger.warning({"event": SECRET})
    logger.warning("wrong %d", SECRET)
    assert not any(
        SECRET in logging.Formatter().format(record) or SECRET in str(record.args)
        for record in seen
    )
    assert "RuntimeError: once x***" in str(seen[0].exc_text)
    assert seen[2].msg == {"event": "***"}


PROGRAM = """
import logging, os, sys, structlog, threading
from opsmanager.common import log_redaction, secrets_in_use
import django
django.setup()
secrets_in_use.remember([os.environ["CANARY"]])
log_redaction.install_hooks()
name = "bob\\n2026-01-01 [info] forged\\x1b[31m\\x9b1m\\u2028x\\r"
structlog.get_logger("x").warning(f"login of {name}", user=name)
logging.getLogger("y").warning("login of %s", name)
def fail():
    raise ValueError("it is " + os.environ["CANARY"] + " and " + os.environ["SECRET_KEY"])
try:
    fail()
except ValueError:
    structlog.get_logger("x").exception("caught")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
threading.Thread(target=lambda: sys.exit(3)).start()
fail()
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_process_says_nothing_of_a_secret_even_when_it_breaks_off(form: str) -> None:
    environ = {**os.environ, "CANARY": SECRET, "LOG_FORMAT": form, "SECRET_KEY": "k" + SECRET[::-1]}
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environ, capture_output=True, text=True, check=False
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode == 1
    assert SECRET not in said
    assert SECRET[::-1] not in said
    assert said.count("ValueError: it is *** and ***") == 3
    assert "Exception in thread" in said
    logins = [line for line in said.splitlines() if "login of" in line]
    assert len(logins) == 2
    assert all("forged" in line for line in logins)
    assert not any(character in said for character in "\x1b\x9b\u2028\r")
    lines = said.partition("Exception in thread")[0].splitlines()
    if form == "text":
        # What follows the first line of an event is indented, and so none of its own.
        assert all(line.startswith(("20", "    ", "Traceback")) for line in lines if line)
    else:
        assert all(json.loads(line) for line in lines)
