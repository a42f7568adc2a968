"""Contracts: the list, and a page each with versions, who uses it, its schema and the comparison of any two versions."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from governance.contracts import InvalidSchema
from governance.contracts.formats import ODCS, OPENAPI, WORDS, compare_formats, format_of
from governance.contracts.openapi.calling import Api
from governance.gate.waiving import live_waivers_of
from governance.models import Contract, ContractVersion
from governance.registry.reading import latest_number, schema_of
from governance.registry.rules import level_kept
from governance.selectors.api_operations import operations_of
from governance.selectors.api_uses import ApiUse, Use, api_of_version, api_uses, dependencies_offering
from governance.selectors.contracts import (
    changes_of,
    contracts,
    find_contract,
    find_version,
    latest_by_contract,
    ports_of_contract,
    version_counts,
    versions_of,
)
from governance.selectors.decisions import decisions_about
from governance.selectors.postmortems import about, postmortems_of_contract
from governance.selectors.runbooks import runbooks_of_contract
from governance.services.assessing import level_of
from governance.services.data_contracts import export_odcs
from governance.services.verifying import latest
from governance.yaml_text import as_yaml
from orchestration.models import Team
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import api_page, change_words, data_contract, payload_lines, registry_labels, textdiff
from portal.presentation.words import decision_look, postmortem_look, severity_look
from portal.selectors.runbook_rows import runbook_rows
from portal.views import document_lists as lists

FILTERS = ("q", "team")
PER_PAGE = 50
#: Characters of a schema that the page shows, and compares without being asked; a large API has millions.
LONGEST_SHOWN = 200_000


@login_required
@require_GET
def list_contracts(request: HttpRequest) -> HttpResponse:
    """By name; q and team are filters in the URL."""
    if clean := lists.clean_url(request, FILTERS):
        return redirect(clean)
    given = lists.given(request, FILTERS)
    found = contracts(words=given.get("q", ""), team=given.get("team", ""))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    rows: list[Contract] = list(page.object_list)
    latest = latest_by_contract([row.name for row in rows])
    counts = version_counts([row.pk for row in rows])
    context = {
        "nav": "contracts",
        "rows": [(row, latest.get(row.name, ""), *counts.get(row.pk, (0, 0))) for row in rows],
        "page": page,
        "given": given,
        "may_propose": bool(actor_of(request).teams_with(Verb.MAINTAIN)),
        "teams": lists.offered(Team.objects.values_list("name", flat=True), given.get("team")),
    }
    return render(request, "contracts/list.html", context)


@login_required
@require_GET
def contract(request: HttpRequest, name: str) -> HttpResponse:
    """One; `?from=1.0.0&to=2.0.0` compares two of its versions, by default the highest two."""
    found = find_contract(name)
    versions = versions_of(found)
    ports, calls = ports_of_contract(name), api_uses(name)
    numbers = [one.version for one in versions]
    new = request.GET.get("to") or (numbers[0] if numbers else "")
    older = numbers[numbers.index(new) + 1 :] if new in numbers else []
    old = request.GET.get("from") or (older[0] if older else "")
    shown = find_version(found, new) if new else None
    level, gone_through = _level(shown, [*ports, *calls]), changes_of(found)
    text = json.dumps(shown.schema, indent=2, ensure_ascii=False) if shown else ""
    api = api_of_version(shown) if shown is not None else None
    is_asked = bool(request.GET.get("from")) or len(text) <= LONGEST_SHOWN
    context = {
        "nav": "contracts",
        "contract": found,
        "versions": [(change_words.VERSION[one.state], one, gone_through.get(one.version)) for one in versions],
        "ending": shown if shown is not None and shown.state == "deprecated" else None,
        "verifications": latest(shown) if shown is not None else [],
        "waivers": live_waivers_of(found),
        "runbooks": runbook_rows(runbooks_of_contract(found)),
        "postmortems": [
            (postmortem_look(one.status), severity_look(one.severity), one, about(one))
            for one in postmortems_of_contract(found)
        ],
        "decisions": [(decision_look(one.status), one) for one in decisions_about(found)],
        "may_maintain": actor_of(request).may(Verb.MAINTAIN, found.owner),
        "numbers": numbers,
        "ports": ports,
        "shown": shown,
        "format": WORDS[found.format],
        "subject": latest_number(found),
        "labels": registry_labels.shown(schema_of(shown)) if shown is not None else None,
        "data": data_contract.shown(shown.schema)
        if shown is not None and format_of(shown.canonical["spec"]) == ODCS
        else None,
        "api": _api(name, api, calls, request.GET.get("q", "")) if api else None,
        "schema": text if len(text) <= LONGEST_SHOWN else "",
        "is_long": len(text) > LONGEST_SHOWN,
        "may_export": shown is not None and format_of(shown.canonical["spec"]) != OPENAPI,
        "old": old,
        "new": new,
        "level": level,
        "comparison": _comparison(found, old, new, level) if old and new and is_asked else None,
    }
    return render(request, "contracts/contract.html", context)


def _api(name: str, api: Api, calls: list[ApiUse], words: str) -> dict[str, Any]:
    title = str(api.info.get("title") or "")
    return api_page.shown(operations_of(api, calls), dependencies_offering(name), title, words)


def _level(shown: ContractVersion | None, uses: list[Use]) -> str:
    """What the version after this one is asked."""
    declared = shown.canonical["spec"].get("compatibility") if shown is not None else None
    kept = level_kept(shown) if shown is not None and not uses else None
    return declared or kept or level_of(uses)


@login_required
@require_GET
def export(request: HttpRequest, name: str, version: str) -> HttpResponse:
    """A version as an ODCS document."""
    found = find_version(find_contract(name), version)
    headers = {"Content-Disposition": content_disposition_header(True, f"{name}-{version}.odcs.yaml") or "attachment"}
    return HttpResponse(as_yaml(export_odcs(found)), content_type="application/yaml; charset=utf-8", headers=headers)


@login_required
@require_GET
def document(request: HttpRequest, name: str, version: str) -> HttpResponse:
    """The schema of a version, as a file."""
    found = find_version(find_contract(name), version)
    headers = {"Content-Disposition": content_disposition_header(True, f"{name}-{version}.json") or "attachment"}
    text = json.dumps(found.schema, indent=2, ensure_ascii=False)
    return HttpResponse(text, content_type="application/json", headers=headers)


def _comparison(found: Contract, old: str, new: str, level: str) -> dict[str, Any]:
    """The report on two versions, as the page shows it."""
    sides = [find_version(found, old), find_version(found, new)]
    texts = [json.dumps(one.schema, indent=2, ensure_ascii=False) for one in sides]
    before, after = ((format_of(one.canonical["spec"]), one.schema) for one in sides)
    shown: dict[str, Any] = {"diff": textdiff.diff(texts[0], texts[1])}
    try:
        report = compare_formats(before, after, level=level, policy=found.policy)
    except InvalidSchema as error:
        return shown | {"problem": str(error)}
    accepts, refuses = (new, old) if report.broken == "FORWARD" else (old, new)
    said = {"broken": report.broken}
    return shown | {
        "look": change_words.VERDICT[report.verdict],
        "sentence": change_words.meaning(said, report.verdict, old, new),
        "bump": report.bump,
        "doubt": report.doubt,
        "findings": [(change_words.tone_of({"direction": one.direction}), one) for one in report.findings],
        "lines": payload_lines.lines(report.witness, *report.complaint) if report.has_witness else [],
        "accepts": accepts,
        "refuses": refuses,
    }
