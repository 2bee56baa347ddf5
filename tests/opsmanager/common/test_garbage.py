"""What the garbage collector looks at."""

import gc
import subprocess
import sys

from opsmanager.common import garbage

_CODE = """
import gc
from opsmanager.common import garbage
kept = [[] for _ in range(1000)]
garbage.spare_what_stays()
print(gc.get_freeze_count() > 1000, gc.get_threshold()[0], len(gc.get_objects()) < 1000)
"""


def test_what_is_loaded_is_left_out() -> None:
    """In a process of its own: it would last for the other tests."""
    said = subprocess.run(
        [sys.executable, "-c", _CODE], check=True, capture_output=True, text=True, timeout=120
    )
    assert said.stdout.split() == ["True", str(garbage._OBJECTS), "True"]
    assert gc.get_freeze_count() == 0
