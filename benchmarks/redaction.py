"""How fast output is masked, in MB a second on one core, beside the plain way to do the same.

The plain way applies each pattern to each line and replaces each form of each known value, one
after the other, on the whole text. `python -m benchmarks.redaction`, on an idle machine.
"""

import secrets
import time
from collections.abc import Callable
from pathlib import Path

from opsmanager.common.redact import Redactor
from opsmanager.common.redact.families import FAMILIES
from opsmanager.common.redact.forms import forms_of

SAMPLES = Path(__file__).parents[1] / "tests/opsmanager/common/redact/harmless"
CHUNK = 32 * 1024
ROUNDS = 3


def main() -> None:
    """Measure and print."""
    lines = "".join(
        (SAMPLES / f"{name}.txt").read_text() for name in ("systemd", "resources", "web")
    )
    text = lines * (1_000_000 // len(lines) + 1)
    body = "\n".join(secrets.token_urlsafe(52) for _ in range(38))
    key = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\n"
    known = [key, secrets.token_urlsafe(12), secrets.token_urlsafe(16)]
    masking = Redactor(known)
    rows: list[tuple[str, Callable[[], object]]] = [
        ("stream, a key and two passwords known", lambda: streamed(masking, text)),
        ("stream, a password known", lambda: streamed(Redactor(known[2:]), text)),
        ("stream, families only", lambda: streamed(Redactor(), text)),
        ("plain way, families only", lambda: plain(text, ())),
        ("plain way, a key and two passwords", lambda: plain(text, known)),
    ]
    for name, measured in rows:
        print(f"{name:42} {len(text) / 1e6 / best_of(measured):6.1f} MB/s")
    print(f"{'making a redactor with a key':42} {1000 * best_of(lambda: Redactor(known)):6.1f} ms")


def streamed(redactor: Redactor, text: str) -> str:
    """Mask it as it would arrive from a server."""
    stream = redactor.stream()
    pieces = [stream.feed(text[at : at + CHUNK]) for at in range(0, len(text), CHUNK)]
    return "".join([*pieces, stream.flush()])


def plain(text: str, known: tuple[str, ...] | list[str]) -> str:
    """Mask it without any of what makes it fast, and whole."""
    for form in sorted((f for value in known for f in forms_of(value)), key=len, reverse=True):
        text = text.replace(form, "***")
    return "\n".join(map(_plain_line, text.split("\n")))


def _plain_line(line: str) -> str:
    for family in FAMILIES:
        line = family.pattern.sub("***", line)
    return line


def best_of(measured: Callable[[], object]) -> float:
    """Return the seconds of the fastest of a few rounds."""
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        measured()
        times.append(time.perf_counter() - begun)
    return min(times)


if __name__ == "__main__":
    main()
