"""Draw an icon from the one sprite, so that a page names a shape and never carries its paths."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str, classes: str = "", label: str = "") -> SafeString:
    """Return the SVG that shows the icon ``name`` of ``static/icons.json``.

    An icon beside its word is decoration, hidden from screen readers; one that stands alone says
    what it means in ``label``.

    ``{% icon "check" %}``, ``{% icon "lock" "icon-lg" label="Production" %}``
    """
    href = f"{static('vendor/icons.svg')}#{name}"
    spoken = (
        format_html('role="img" aria-label="{}"', label)
        if label
        else format_html('aria-hidden="{}"', "true")
    )
    return format_html('<svg class="icon {}" {}><use href="{}"></use></svg>', classes, spoken, href)
