"""Waiting until a web says that it is there."""

import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable

START_PATIENCE = 300.0  # seconds; 10 to 20 are usual
_PAUSE = 0.2


def wait_until_ready(
    url: str,
    *,
    words: Callable[[], str],
    tls: ssl.SSLContext | None = None,
    ended: Callable[[], list[str]] = list,
) -> None:
    """Wait until ``url`` answers well. Fail with ``words``, at once where something ``ended``."""
    deadline, said = time.monotonic() + START_PATIENCE, ""
    while time.monotonic() < deadline:
        gone = ended()
        assert not gone, f"ended too early: {gone}\n{words()}"
        try:
            with urllib.request.urlopen(url, timeout=30, context=tls):
                return
        except urllib.error.HTTPError as refusal:
            said = refusal.read().decode()
            refusal.close()
        except OSError as error:
            said = str(error)
        time.sleep(_PAUSE)
    raise AssertionError(f"never ready: {said}\n{words()}")
