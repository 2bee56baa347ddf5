"""Says of one field, as soon as it was left, what is wrong with it."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from automation.selectors import access, runbooks
from automation.web import batch_launch
from automation.web import runbooks as run_pages
from automation.web.run_form import ParameterForm
from opsmanager.common.htmx import fragment
from opsmanager.common.problems import NotFound


@require_POST
def runbook_check(request: HttpRequest, runbook_id: str) -> HttpResponse:
    """Judge a form as sending it would, and answer what concerns its field ``field`` alone.

    It starts nothing. The form is that of a run on one server or, with ``batch``, on several.
    """
    entry = runbooks.get(request.user, runbook_id)
    access.require_running(request.user)
    make = batch_launch.form_for if "batch" in request.GET else run_pages.form_for
    form: ParameterForm = make(request, entry, data=request.POST)
    name = request.POST.get("field", "")
    if name not in form.fields:
        raise NotFound(f"The form has no field {name[:50]}. Reload the page.")
    return fragment(request, "components/_field_error.html", {"field": form[name]})
