"""The steps of the runs of workflows: how many stand how, and what each node's row tells."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery

from automation.models import Approval, WorkflowRun, WorkflowStep
from automation.workflows import Phase


def with_counts(runs: Iterable[WorkflowRun]) -> list[WorkflowRun]:
    """Return the runs, each with ``counts`` and ``progress``; one query for all of them.

    ``counts`` is how many steps are in which phase: nodes, and of those for several servers each
    of these. ``progress`` is the share of the nodes that have ended, 0 to 100.
    """
    found = list(runs)
    rows = (
        WorkflowStep.objects.filter(run__in=[run.pk for run in found])
        .order_by()
        .values_list("run", "key", "is_spread", "phase")
        .annotate(Count("pk"))
    )
    of_run: dict[Any, list[tuple[str, bool, str, int]]] = defaultdict(list)
    for pk, *row in rows:
        of_run[pk].append(tuple(row))
    for run in found:
        run.counts = _counts(of_run[run.pk])  # type: ignore[attr-defined]
        run.progress = _progress(of_run[run.pk])  # type: ignore[attr-defined]
    return found


def shown(run: WorkflowRun) -> QuerySet[WorkflowStep]:
    """Return its steps in order, with what they run and ``approval_id``, the one asked for last."""
    asked = Approval.objects.filter(step=OuterRef("pk")).order_by("-asked_at")
    rows = run.steps.select_related("execution", "server").order_by("position")
    return rows.annotate(approval_id=Subquery(asked.values("pk")[:1]))


def _counts(rows: Iterable[tuple[str, bool, str, int]]) -> dict[str, int]:
    found = Counter(dict.fromkeys(map(str, Phase), 0))
    for _, is_spread, phase, number in rows:
        # A node for several servers is counted by these, once they are known.
        if not is_spread:
            found[phase] += number
    return dict(found)


def _progress(rows: Iterable[tuple[str, bool, str, int]]) -> int:
    ended: dict[str, int] = defaultdict(int)
    total: dict[str, int] = defaultdict(int)
    for key, is_spread, phase, number in rows:
        if not is_spread:
            total[key] += number
            ended[key] += number if Phase(phase).has_ended else 0
    if not total:
        return 0
    return int(100 * sum(ended[key] / total[key] for key in total) / len(total) + 1e-9)
