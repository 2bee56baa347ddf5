"""Says what weighing a command costs: python benchmarks/guard.py

Each command of the guard's examples once, as a worker would weigh it, then all of them again.
"""

import sys
import time
from pathlib import Path
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).parent.parent))

from automation.engine.guard import weigh
from tests.automation.engine.guard.corpus import ALLOWED, BLOCKED


def measured(texts: list[str]) -> list[float]:
    """Weigh each text and return the milliseconds that each took."""
    took = []
    for text in texts:
        begun = time.perf_counter()
        weigh(text)
        took.append((time.perf_counter() - begun) * 1000)
    return took


def main() -> None:
    """Print the numbers."""
    texts = list(dict.fromkeys((*ALLOWED, *BLOCKED)))
    for name, took in (("distinct", measured(texts)), ("repeated", measured(texts))):
        worst = quantiles(took, n=100)[98]
        print(f"{name}: {len(took)} commands, median {median(took):.3f} ms, 99 % {worst:.3f} ms")


if __name__ == "__main__":
    main()
