"""Dress a form's fields for the pages, so that forms in Python carry no words of a style sheet."""

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, Select, Textarea
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def control(field: BoundField, **attributes: str) -> SafeString:
    """Return the field's input with the classes it needs; ``attributes`` are added to it.

    ``{% control form.hostname autocomplete="off" %}``
    """
    attrs: dict[str, str | bool] = {
        name.replace("_", "-"): value for name, value in attributes.items() if value
    }
    attrs["class"] = _classes(field)
    return field.as_widget(attrs=attrs)


@register.filter
def unit(field: BoundField) -> str:
    """Return the unit in which the field's value counts, such as "s"; empty without one."""
    return str(getattr(field.field, "unit", "") or field.field.widget.attrs.get("data-unit", ""))


@register.filter
def is_switch(field: BoundField) -> bool:
    """Return whether the field is a single box to tick, which stands before its label."""
    return isinstance(field.field.widget, CheckboxInput)


def _classes(field: BoundField) -> str:
    widget = field.field.widget
    given = str(widget.attrs.get("class", ""))
    if isinstance(widget, CheckboxInput | CheckboxSelectMultiple):
        base = "form-check-input"
    elif isinstance(widget, Select):
        base = "form-select"
    elif isinstance(widget, Textarea):
        base = "form-control font-monospace"
    else:
        base = "form-control"
    invalid = "is-invalid" if field.errors else ""
    return " ".join(filter(None, (base, given, invalid)))
