"""Show what servers printed and what was sent to them, without any power over the page's reader."""

from django import template

from opsmanager.common import terminal_text

register = template.Library()


@register.filter
def printed(text: object) -> str:
    """Return output as a terminal would leave it, without control characters."""
    return terminal_text.printed("" if text is None else str(text))


@register.filter
def visible(text: object) -> str:
    """Return words with a sign for each character that can't be seen."""
    return terminal_text.visible("" if text is None else str(text))
