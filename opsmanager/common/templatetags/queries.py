"""Links that change one thing of what a list was asked for."""

from typing import Any, Final

from django import template

register = template.Library()

_PLACES: Final = ("page", "before")
"""Where in the list the reader is: another list begins anew."""


@register.simple_tag(takes_context=True)
def without(context: dict[str, Any], name: str, also: tuple[str, ...] = ()) -> str:
    """Return the query of the page without one of its names, and without what goes with it.

    ``<a href="{% without "server" %}">``
    """
    query = context["request"].GET.copy()
    for gone in (name, *also, *_PLACES):
        query.pop(gone, None)
    return f"?{query.urlencode()}"
