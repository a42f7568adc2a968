"""A new version of a contract by paste or upload: checked as often as one likes, then proposed.

Owns the page of the form. What is asked goes through the manifests' door and the gate like everything else.
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from governance.contracts import InvalidSchema
from governance.models import Change, Contract
from governance.selectors.contracts import find_contract, find_version, versions_of
from governance.services.assessing import lowest
from orchestration.errors import Conflict, Forbidden, InvalidInput, InvalidManifest
from orchestration.manifest import Problem
from orchestration.services.applying import Signature
from orchestration.services.manifests import Change as Planned
from orchestration.services.manifests import Document, apply, plan
from portal.manifest_permissions import require_appliable
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import contract_check
from portal.views.contract_forms import HEADER, VersionForm

SOURCE = "schema"


@login_required
@require_http_methods(["GET", "POST"])
def propose_version(request: HttpRequest, name: str = "") -> HttpResponse:
    """A new version, or with no name a new contract: check it as often as one likes, then propose it."""
    contract = find_contract(name) if name else None
    actor = actor_of(request)
    teams = actor.teams_with(Verb.MAINTAIN)
    if contract is not None:
        actor.require(Verb.MAINTAIN, contract.owner)
    elif not teams:
        raise Forbidden("proposing a contract takes the role maintainer in some team; an admin can grant it")
    form = VersionForm(request.POST or None, request.FILES or None, teams=teams, initial=_initial(contract))
    context: dict[str, Any] = {"nav": "contracts", "contract": contract, "form": form}
    if request.method == "POST" and form.is_valid():
        if contract is not None and form.cleaned_data["name"] != contract.name:
            form.add_error("name", f"This page proposes versions of {contract.name}.")
        else:
            document = Document(form.manifest(), SOURCE)
            try:
                context |= {"check": contract_check.check(document.text, form.cleaned_data)}
                context["planned"] = plan([document])
                if "propose" in request.POST:
                    return _propose(request, document, form.cleaned_data)
            except InvalidManifest as error:
                context["problems"] = [_placed(one) for one in error.problems if isinstance(one, Problem)]
            except (InvalidInput, Conflict, InvalidSchema) as error:
                form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    status = 422 if request.method == "POST" and (context.get("problems") or form.errors) else 200
    return render(request, "contracts/propose.html", context, status=status)


def _initial(contract: Contract | None) -> dict[str, Any]:
    """The version before, as it is, under the next number."""
    if contract is None:
        return {"version": "1.0.0"}
    versions = [one for one in versions_of(contract) if one.state in ("active", "deprecated")]
    last = find_version(contract, versions[0].version) if versions else None
    return {
        "name": contract.name, "owner": contract.owner.name, "description": contract.description, "policy": contract.policy,
        "format": contract.format, "version": lowest(last.version, "minor") if last else "1.0.0",
        "compatibility": (last.canonical["spec"].get("compatibility") or "") if last else "",
        "schema": json.dumps(last.schema, indent=2, ensure_ascii=False) if last else "",
    }  # fmt: skip


def _propose(request: HttpRequest, document: Document, values: dict[str, Any]) -> HttpResponse:
    actor = actor_of(request)

    def authorise(found: list[Planned]) -> None:
        require_appliable(actor, found)

    done = apply([document], Signature(actor.user, values["reason"]), authorise)
    name, number = values["name"], values["version"]
    change = Change.objects.filter(kind="contract.publish", name=name, number=number).order_by("-pk").first()
    if done[0].action == "propose" and change is not None:
        messages.success(request, f"{name} {number} waits for its reviews.")
        return redirect("change", change.pk)
    messages.success(
        request, f"{name} {number} is published." if done[0].action != "unchanged" else "It is there already."
    )
    return redirect("contract", name)


def _placed(problem: Problem) -> dict[str, Any]:
    """A problem in the lines of the schema that was typed, where it lies in it."""
    line = problem.line - HEADER
    where = f"line {line}" if line > 0 else problem.path
    return {"message": problem.message, "path": problem.path, "where": where}
