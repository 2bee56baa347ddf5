#!/usr/bin/env python
"""Django's command line for OpsManager."""

import getpass
import os
import sys

from django.core.management import execute_from_command_line
from django.db import OperationalError

from opsmanager.audit.source import Source, working_for
from opsmanager.common import log_redaction


def _source(words: list[str]) -> Source:
    """Return who changes what is changed by this command: it, and the account it runs in."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):
        # A container's account often has no name.
        account = str(os.getuid())
    command = words[1] if len(words) > 1 else "help"
    return Source(actor=lambda: f"command:{command} by {account}", is_request=False)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsmanager.settings")
    log_redaction.install_hooks()
    try:
        if sys.argv[1:2] == ["migrate"]:
            # What the code gives its roles by itself is nobody's act.
            execute_from_command_line(sys.argv)
        else:
            with working_for(_source(sys.argv)):
                execute_from_command_line(sys.argv)
    except OperationalError as problem:
        sys.exit(f"The database can't be used: {problem}\nCheck DATABASE_URL and PostgreSQL.")
