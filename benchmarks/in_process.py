"""Django in the benchmark's own process, on the database of a stack that it started."""

import os
import sys

from tests.stack.stack import FOREIGN, Stack


def set_up(stack: Stack) -> None:
    """Have this process be one of the stack's, as `manage.py` would be; once in a process."""
    environment = stack.plan.migrate().environment
    for name in FOREIGN:
        os.environ.pop(name, None)
    os.environ.update(environment)
    # The runbooks that the web process has, too.
    sys.path += environment["PYTHONPATH"].split(os.pathsep)
    import django  # noqa: PLC0415 - it reads the settings of the database that was just made

    django.setup()
