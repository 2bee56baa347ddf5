"""The drawing of the architecture is that of today's imports."""

import importlib.util

from tests.docs.fences import DOCS


def test_the_drawing_shows_who_imports_whom_today() -> None:
    spec = importlib.util.spec_from_file_location("drawing", DOCS / "drawing.py")
    assert spec is not None
    assert spec.loader is not None
    drawing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(drawing)

    found = drawing.imports()

    order = drawing.APPS
    assert found, "nothing imports anything"
    assert [pair for pair in found if order.index(pair[0]) > order.index(pair[1])] == []
    assert drawing.DRAWING.read_text(encoding="utf-8") == drawing.svg(found), (
        "Draw it anew: .venv/bin/python docs/drawing.py"
    )
