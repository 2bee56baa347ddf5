#!/usr/bin/env python
"""Django's command line for OpsManager."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import OperationalError

from opsmanager.common import log_redaction

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsmanager.settings")
    log_redaction.install_hooks()
    try:
        execute_from_command_line(sys.argv)
    except OperationalError as problem:
        sys.exit(f"The database can't be used: {problem}\nCheck DATABASE_URL and PostgreSQL.")
