"""One decision, to be read: text, live checks, what it changed; and all of them in the order of time. Reads only."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from governance.decisions.plain import unmarked
from governance.gate.decisions import waiting
from governance.models import Decision
from governance.selectors.confirmations import confirmation
from governance.selectors.decision_files import linked_files, relations_of, source_of, with_links
from governance.selectors.decisions import (
    dependencies_of,
    find_decision,
    newest_decisions,
    superseded_numbers,
    workflows_by,
)
from governance.selectors.documents import contracts_of
from orchestration import clock
from portal.dashboards.decision_panel import p95_panel
from portal.dashboards.shared import shared
from portal.middleware.csp import allow_inline_style
from portal.presentation import confirmation_words, decision_graph
from portal.presentation.document_html import document_html
from portal.presentation.words import decision_look
from portal.selectors.before_after import BeforeAfter, before_after
from portal.views import documents

Status = Decision.Status
#: What took effect and so may have changed something.
IN_EFFECT = frozenset({Status.ACCEPTED, Status.DEPRECATED, Status.SUPERSEDED})
#: Decisions on the timeline; older ones are in the list.
MOST = 500


@login_required
@require_GET
def decision(request: HttpRequest, number: int) -> HttpResponse:
    """One, to be read."""
    found = find_decision(number)
    concerned, now = workflows_by([found])[found.pk], clock.now()
    checks, source = confirmation(found, now), source_of(found)
    links = {text: reverse("decision", args=[other]) for text, other in linked_files(source, found.body).items()}
    context = {
        **documents.frame(request, found),
        "look": decision_look(found.status),
        "html": document_html(with_links(found.body, links)),
        "workflows": concerned,
        "dependencies": dependencies_of(found),
        "contracts": contracts_of(found),
        "supersedes": superseded_numbers(found),
        "said": documents.said({key: value for key, value in found.front_matter.items() if key != "status"}),
        "raw_status": unmarked(str(found.front_matter.get("status") or "")),
        "relations": relations_of(found),
        "source": source,
        "recent": documents.recent(found),
        "waits": waiting(found) if found.status == Status.PROPOSED else None,
        "checks": confirmation_words.rows(checks),
        "contradicted": confirmation_words.badge(checks),
    }
    if found.status in IN_EFFECT and concerned:
        key = f"decision:{found.pk}:{found.date}:{concerned}"
        compared = shared(key, lambda: before_after(found.date, concerned, now))
        if compared is not None:
            context |= _compared(found, compared)
            allow_inline_style(request)  # Plotly's
    return render(request, "decisions/decision.html", context)


@login_required
@require_GET
def timeline(request: HttpRequest) -> HttpResponse:
    """The newest MOST, by year, and the graph of those that were superseded."""
    found = newest_decisions(MOST)
    accepted = sum(one.status == Status.ACCEPTED for one in found)
    context = {
        "nav": "decisions",
        "years": decision_graph.years(found),
        "diagram": decision_graph.draw(found),
        "sentence": f"{accepted} of {len(found)} decisions hold." if len(found) < MOST else f"The newest {MOST:,}.",
    }
    return render(request, "decisions/timeline.html", context)


def _compared(found: Decision, compared: BeforeAfter) -> dict[str, Any]:
    label, url = f"decision {found.number}", reverse("decision", args=[found.number])
    first = compared.workflows[0].workflow
    return {
        "compared": {
            "day": compared.day,
            "days": compared.length.days,
            "workflows": [
                {"workflow": one.workflow, "sides": [("before", one.before), ("since", one.after)]}
                for one in compared.workflows
            ],
            "explore": f"{reverse('explore')}?{urlencode({'what': 'run', 'workflow': first, 'measure': 'p95'})}",
        },
        "p95": p95_panel(compared, label, url),
    }
