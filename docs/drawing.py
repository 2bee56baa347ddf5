"""Draws which app imports which, from the code's imports: ``docs/images/imports.svg``.

``python docs/drawing.py`` draws it anew, after the first import between two apps came or the last
went.
"""

from pathlib import Path
from typing import Final

import grimp

DRAWING: Final = Path(__file__).parent / "images" / "imports.svg"
APPS: Final = (
    "opsmanager.home",
    "incidents",
    "automation",
    "servers",
    "opsmanager.notifications",
    "opsmanager.audit",
    "opsmanager.accounts",
    "opsmanager.common",
)
"""From top to bottom of the house."""
_LEFT, _TOP, _CELL = 200, 150, 44
_STYLE: Final = """
  text { font: 14px system-ui, sans-serif; fill: #1f2937 }
  .paper { fill: #f9fafb }
  .cell { fill: #fff; stroke: #d1d5db }
  .self { fill: #e5e7eb; stroke: #d1d5db }
  circle { fill: #4f46e5 }
"""


def imports() -> set[tuple[str, str]]:
    """Return which app has a module that imports from which other: (who, whom)."""
    graph = grimp.build_graph("opsmanager", "automation", "incidents", "servers")
    pairs = {
        (_app_of(module), _app_of(imported))
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
    }
    return {(who, whom) for who, whom in pairs if who and whom and who != whom}


def svg(found: set[tuple[str, str]]) -> str:
    """Return the drawing: a row for each app, with a dot below each app that it imports from."""
    width = _LEFT + len(APPS) * _CELL + 90
    height = _TOP + len(APPS) * _CELL + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        "<title>Which app imports from which: a row imports from the columns with a dot</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" width="{width}" height="{height}"/>',
    ]
    for number, app in enumerate(APPS):
        x, y = _LEFT + (number + 0.5) * _CELL, _TOP + (number + 0.5) * _CELL
        parts.append(f'<text x="{_LEFT - 12}" y="{y + 5}" text-anchor="end">{app}</text>')
        parts.append(
            f'<text x="{x}" y="{_TOP - 10}" transform="rotate(-45 {x} {_TOP - 10})">{app}</text>'
        )
        for column, other in enumerate(APPS):
            left, top = _LEFT + column * _CELL, _TOP + number * _CELL
            kind = "self" if app == other else "cell"
            parts.append(
                f'<rect class="{kind}" x="{left}" y="{top}" width="{_CELL}" height="{_CELL}"/>'
            )
            if (app, other) in found:
                parts.append(f'<circle cx="{left + _CELL / 2}" cy="{top + _CELL / 2}" r="7"/>')
    return "\n".join([*parts, "</svg>", ""])


def _app_of(module: str) -> str | None:
    return next((app for app in APPS if module == app or module.startswith(f"{app}.")), None)


if __name__ == "__main__":
    DRAWING.write_text(svg(imports()), encoding="utf-8")
