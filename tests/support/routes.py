"""The URL map: each route as Django resolves it, and a path that leads to it."""

import re
from collections.abc import Iterator
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver


def routes(
    patterns: list[URLPattern | URLResolver] | None = None, before: str = ""
) -> Iterator[str]:
    """Return all routes, such as ``executions/<uuid:pk>/``."""
    for entry in patterns if patterns is not None else get_resolver().url_patterns:
        route = before + str(entry.pattern).removeprefix("^")
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, route)
        else:
            yield route


def path_of(route: str) -> str:
    """Return a path that the route answers."""
    path = re.sub(r"<uuid:\w+>", str(UUID(int=7)), route)
    path = re.sub(r"<int:\w+>|\(\?P<\w+>\\d\+\)", "7", path)
    path = re.sub(r"\(\?P<\w+>\[[^]]*\][+*]\)|<(path|str|slug):\w+>|<\w+>", "x", path)
    path = re.sub(r"\(\?P<app_label>([^|)]*)[^)]*\)", r"\1", path)
    path = re.sub(r"\(\?P<\w+>\.\*\)", "x", path)
    return "/" + path.removesuffix("$").replace("\\", "")
