"""Dress a form's fields for the pages, so that forms in Python carry no words of a style sheet."""

from typing import Any
from uuid import uuid4

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, Select, Textarea
from django.utils.html import format_html
from django.utils.safestring import SafeString

from opsmanager.common.form_key import FIELD

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


@register.simple_tag(takes_context=True)
def form_key(context: dict[str, Any]) -> SafeString:
    """Return the hidden field by whose value sending a form twice starts one thing.

    A form that was refused keeps its key, unless its ``key_is_spent`` says that it was used.
    ``{% form_key %}``
    """
    request = context.get("request")
    sent = request.POST.get(FIELD, "") if request else ""
    is_spent = getattr(context.get("form"), "key_is_spent", False)
    key = sent if sent and not is_spent else uuid4()
    # Firefox would fill in again what the page held before it was reloaded.
    return format_html(
        '<input type="hidden" name="{}" value="{}" autocomplete="off">', FIELD, str(key)
    )


@register.filter
def unit(field: BoundField) -> str:
    """Return the unit in which the field's value counts, such as "s"; empty without one."""
    return str(getattr(field.field, "unit", "") or field.field.widget.attrs.get("data-unit", ""))


@register.filter
def is_switch(field: BoundField) -> bool:
    """Return whether the field is a single box to tick, which stands before its label."""
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def is_several(field: BoundField) -> bool:
    """Return whether any number of answers can be ticked, each a box of its own."""
    return isinstance(field.field.widget, CheckboxSelectMultiple)


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
