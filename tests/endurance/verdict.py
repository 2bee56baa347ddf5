"""What a long run has to show, judged; and its figures as a table."""

from collections.abc import Iterator

from tests.endurance.run import Course, Point
from tests.endurance.samples import Held

GROWTH = 0.10
"""Of memory, between the first look and the last."""
THREADS = 5
FILES = 10
_HEADINGS = ("process", "RSS", "PSS", "USS", "growth", "threads", "open files", "most RSS")


def wrong(course: Course, *, judges_memory: bool = True) -> list[str]:
    """Return what does not hold, in sentences."""
    return [
        *_wrong_processes(course, judges_memory=judges_memory),
        *_wrong_connections(course),
        *course.wrong,
    ]


def _wrong_processes(course: Course, *, judges_memory: bool) -> Iterator[str]:
    before, after = course.first.sample.processes, course.last.sample.processes
    if before.keys() != after.keys():
        yield f"There were {sorted(before)}, and are {sorted(after)}."
    for name in before.keys() & after.keys():
        was, now = before[name], after[name]
        if was.pid != now.pid:
            yield f"{name} ended, and is another process now."
        elif judges_memory and growth(was, now) > GROWTH:
            yield f"{name} grew by {growth(was, now):.0%}: {was.rss:.1f} to {now.rss:.1f} MiB."
        if abs(now.threads - was.threads) > THREADS:
            yield f"{name} had {was.threads} threads, and has {now.threads}."
        if abs(now.files - was.files) > FILES:
            yield f"{name} had {was.files} open files, and has {now.files}."


def _wrong_connections(course: Course) -> Iterator[str]:
    for point in (course.first, course.last):
        if point.sample.connections:
            yield (
                f"{point.sample.connections} connections to servers were open "
                f"{point.idle_after:.0f} s after the last execution."
            )


def growth(was: Held, now: Held) -> float:
    """Return by what share the memory grew."""
    return (now.rss - was.rss) / was.rss


def lines(course: Course) -> list[str]:
    """Return the figures, a line each."""
    first, last = course.first, course.last
    return [
        f"At rest after {first.executions} and after {last.executions} executions:",
        "",
        *_columns([_HEADINGS, *_rows(course)]),
        "",
        f"{course.seconds:.0f} s in all, with {_requests(course)} requests.",
        *_line("backends of PostgreSQL", "backends", course),
        *_line("connections open at servers", "connections", course),
        f"connections idle, all closed after: {_idle(first)}, {_idle(last)}",
        "",
        *_columns([("asked for", "times", "median", "99 %", "longest"), *_answers(course)]),
        "",
        *(f"{name}: {ends}" for name, ends in course.ends.items()),
        f"upkeep: {dict(course.upkeep)}",
    ]


def _rows(course: Course) -> Iterator[tuple[str, ...]]:
    before, after = course.first.sample.processes, course.last.sample.processes
    most = course.most.processes if course.most else {}
    for name in before:
        if name not in after:
            continue
        was, now = before[name], after[name]
        yield (
            name,
            *(
                f"{getattr(was, kind):.1f} → {getattr(now, kind):.1f}"
                for kind in ("rss", "pss", "uss")
            ),
            f"{growth(was, now):+.1%}",
            f"{was.threads} → {now.threads}",
            f"{was.files} → {now.files}",
            f"{most[name].rss:.1f}" if name in most else "",
        )


def _line(words: str, field: str, course: Course) -> Iterator[str]:
    most = getattr(course.most, field) if course.most else "?"
    was, now = getattr(course.first.sample, field), getattr(course.last.sample, field)
    yield f"{words}: {was} → {now} at rest, {most} at most"


def _idle(point: Point) -> str:
    return f"{point.idle_after:.0f} s"


def _requests(course: Course) -> int:
    return sum(map(len, course.answers.values()))


def _answers(course: Course) -> Iterator[tuple[str, ...]]:
    for name, seconds in sorted(course.answers.items()):
        ordered = sorted(seconds)
        places = (len(ordered) // 2, int(len(ordered) * 0.99), -1)
        yield (name, str(len(ordered)), *(f"{ordered[place]:.2f} s" for place in places))


def _columns(table: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cells[column]) for cells in table) for column in range(len(table[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in table
    ]
