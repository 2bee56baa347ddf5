"""Says sizes and counts as a person would, so that every runbook says them alike."""

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


def size(count: int) -> str:
    """Return a number of bytes in words, such as "1.5 GiB"; "1 byte", "-2.0 KiB"."""
    amount, unit = float(count), 0
    while abs(amount) >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    if unit:
        return f"{amount:.1f} {_UNITS[unit]}"
    return f"{count} byte" if abs(count) == 1 else f"{count} bytes"


def counted(count: int, thing: str, things: str = "") -> str:
    """Return a count with its noun, such as "1 file", "3 files" or "2 copies"."""
    return f"{count} {thing}" if count == 1 else f"{count} {things or f'{thing}s'}"
