"""What the tests ask about real processes."""

import psutil


def lives(process: psutil.Process | int) -> bool:
    """Whether a process still runs; a dead one that nobody has waited for does not."""
    try:
        if isinstance(process, int):
            process = psutil.Process(process)
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
