"""Gate policies: what this installation asks beyond the rules that always hold. Owns the page; manifests write them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from governance.models import GatePolicy
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.change_words import KIND


@login_required
@require_GET
def list_policies(request: HttpRequest) -> HttpResponse:
    """By name, each with what it is about and what it asks."""
    rows = [
        (policy, _about(policy.document["spec"]), _asks(policy.document["spec"])) for policy in GatePolicy.objects.all()
    ]
    may_apply = actor_of(request).may(Verb.ADMINISTER)
    return render(request, "changes/policies.html", {"nav": "changes", "rows": rows, "may_apply": may_apply})


def _about(spec: dict[str, Any]) -> list[str]:
    """What it concerns; what it leaves out concerns everything."""
    kinds = [KIND.get(one, one) for one in spec.get("changes", [])]
    found = [", ".join(kinds) if kinds else "Every kind of change"]
    if spec.get("names"):
        found.append(f"of {', '.join(spec['names'])}")
    if spec.get("owners"):
        found.append(f"owned by {', '.join(spec['owners'])}")
    return found


def _asks(spec: dict[str, Any]) -> list[str]:
    """What it asks, a line each."""
    found = []
    if spec.get("review") == "always":
        found.append("a review even where nothing breaks")
    if spec.get("approvals", 1) > 1:
        found.append(f"{spec['approvals']} approvals of each team")
    if spec.get("teams"):
        found.append(f"reviews of {', '.join(spec['teams'])} as well")
    for key, words in (
        ("expires", "an answer within"),
        ("notice", "notice of a sunset of"),
        ("remind", "a reminder every"),
    ):
        if key in spec:
            found.append(f"{words} {spec[key]}")
    if "dependencies" in spec:
        found += _of_dependencies(spec["dependencies"])
    found += [
        f"passed contract tests of {one['participant']} as {one['role']}" for one in spec.get("verifications", [])
    ]
    return found


def _of_dependencies(asked: dict[str, Any]) -> list[str]:
    """What it asks of the dependencies of a workflow."""
    word = "only tells of" if asked.get("enforce") == "tell" else "refuses"
    found = [f"at most {asked['most']} dependencies in one workflow; it {word} more"] if "most" in asked else []
    if asked.get("require"):
        found.append(f"{', '.join(asked['require'])} for each call of a dependency; it {word} what has none")
    return found
