#!/usr/bin/env python
"""Django's command line for OpsManager."""

import os
import sys

from opsmanager.settings.env import SettingInvalid

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsmanager.settings")
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except SettingInvalid as problem:
        sys.exit(f"OpsManager can't start: {problem}")
