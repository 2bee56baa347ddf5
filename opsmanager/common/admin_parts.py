"""What the pages of the Django admin are made of: rows only to look at, states, filters, questions.

A ModelAdmin also says on the admin's first page what it is for, by ``section`` (the heading it
stands under), ``rank`` (its place there), ``about`` (one sentence) and ``rows_called`` (where the
model's own name is not what people say).
"""

from collections.abc import Callable
from typing import Any, Final

from django.contrib.admin import FieldListFilter, ModelAdmin, ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from opsmanager.common.pages import LongPaginator

RUNS: Final = "What runs"
PLACES: Final = "Where it runs, and how OpsManager gets in"
PEOPLE: Final = "Who may what"
FACTS: Final = "What happened"
HOUSE: Final = "How OpsManager keeps house"
SECTIONS: Final = (RUNS, PLACES, PEOPLE, FACTS, HOUSE)
"""The headings of the admin's first page, in their order."""


class ReadOnly:
    """Rows to look at: they come, change and leave elsewhere, or never.

    Stands before ModelAdmin among the bases.
    """

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """None is made here."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """None is changed here."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """None is deleted here."""
        return False


class LongList:
    """Rows of which there are very many: searched and paged along indexes, none of them counted.

    Stands before ModelAdmin among the bases, which names in ``search`` what the product's own page
    searches with. ``search_fields`` then only makes Django show the search.
    """

    paginator: Any = LongPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    search: Callable[[QuerySet[Any], str], QuerySet[Any]]

    def get_search_results(
        self, _request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search as the product's page does."""
        return self.search(queryset, search_term), False


def mark(tone: str, shape: str, word: str) -> SafeString:
    """Return a state by colour, shape and word. ``tone`` as in components.css: good, bad, …"""
    context = {"tone": tone, "shape": shape, "word": word, "state": "", "look": ""}
    return render_to_string("components/_mark.html", context)


def badge(value: str) -> SafeString | str:
    """Return the badge of one of the product's states, such as FAILED; nothing for none."""
    if not value:
        return ""
    return render_to_string("components/_badge.html", {"value": value, "look": ""})


def link(url: str, words: object) -> SafeString:
    """Return a link in a cell."""
    return format_html('<a href="{}">{}</a>', url, words)


def called(title: str) -> Any:
    """Return a filter of the usual kind for a field, under a title that people understand.

    ``list_filter = (("is_active", called("whether it is switched on")),)``
    """

    def make(*args: Any, **kwargs: Any) -> FieldListFilter:
        made = FieldListFilter.create(*args, **kwargs)
        made.title = title
        choices = made.choices
        made.choices = lambda changelist: map(_named, choices(changelist))  # type: ignore[method-assign]
        return made

    # Django wants a subclass, and only ever calls it.
    return type("Called", (FieldListFilter,), {"__new__": lambda _cls, *a, **kw: make(*a, **kw)})


def _named(choice: Any) -> Any:
    """Give a choice a name where Django has an empty one, which is no link to see or hear."""
    return choice if str(choice["display"]).strip() else {**choice, "display": "None"}


def asked(
    page: ModelAdmin[Any],
    request: HttpRequest,
    rows: QuerySet[Any],
    *,
    question: str,
    consequence: str,
    word: str,
) -> TemplateResponse | None:
    """Return the page that asks before an action; ``None`` once it was answered.

    ``question`` names what is done, ``consequence`` what follows from it, ``word`` stands on the
    button.
    """
    if request.POST.get("sure") == "yes":
        return None
    context = {
        **page.admin_site.each_context(request),
        "title": question,
        "opts": page.opts,
        "consequence": consequence,
        "word": word,
        "rows": rows,
        "action": request.POST["action"],
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "media": page.media,
    }
    return TemplateResponse(request, "admin/ask.html", context)
