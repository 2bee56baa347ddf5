"""Reads a page's form as a browser would send it, so that a test can type into it and press."""

from html.parser import HTMLParser


class _Fields(HTMLParser):
    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._form_id, self._is_inside = form_id, False
        self._area = self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_inside = given.get("id") == self._form_id
        name = given.get("name", "")
        if not self._is_inside:
            return
        if tag == "textarea":
            self._area, self.values[name] = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and (
            self._select not in self.values
            or dict(attrs).get("selected") is not None
            or "selected" in dict(attrs)
        ):
            self.values[self._select] = given.get("value", "")
        elif tag == "input":
            kind = given.get("type", "text")
            if kind == "checkbox" and "checked" in given:
                self.values[name] = given.get("value", "on")
            elif kind not in ("checkbox", "file", "submit"):
                self.values[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "textarea":
            # Browsers drop the end of line right behind the tag, and send the others as CRLF.
            text = self.values[self._area].removeprefix("\n") if self._area else ""
            self.values[self._area] = text.replace("\n", "\r\n")
            self._area = ""
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data


def fields_of(page: str, form_id: str) -> dict[str, str]:
    """Return the fields of a form by name, with the values that a browser would send."""
    parser = _Fields(form_id)
    parser.feed(page)
    return parser.values
