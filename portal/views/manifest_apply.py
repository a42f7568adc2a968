"""Apply manifests in the browser: text or files → the plan with its gates → a reason → applied.

Owns the two steps. What is planned is planned again when it is applied: somebody may have been faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from orchestration.errors import Forbidden, InvalidInput, InvalidManifest, PlumblineError
from orchestration.models import Team
from orchestration.services.manifests import Change, Document, Signature, apply, owner_teams, plan
from portal.manifest_permissions import require_appliable
from portal.middleware.reader import actor_of
from portal.permissions import Actor, Verb
from portal.presentation.words import Look

PASTED = "pasted.yaml"
MAX_FILES = 50
MAX_TEXT = 2 * 1024 * 1024
ACTIONS = {
    "create": Look("ok", "plus", "New"),
    "publish": Look("ok", "new", "New version"),
    "propose": Look("warn", "wait", "Waits for reviews"),
    "update": Look("warn", "edit", "Changes"),
    "unchanged": Look("unk", "none", "Unchanged"),
}


@dataclass(frozen=True, slots=True)
class Gate:
    """Something that must hold before this may be applied."""

    look: Look
    text: str


@login_required
@require_http_methods(["GET", "POST"])
def apply_manifests(request: HttpRequest) -> HttpResponse:
    """Ask for manifests, show what they would do, apply them."""
    if request.method == "GET":
        return render(request, "workflows/apply.html", {"nav": "workflows", "documents": []})
    context: dict[str, Any] = {"nav": "workflows", "reason": request.POST.get("reason", "")}
    try:
        documents = _documents(request)
        context["documents"] = documents
        changes = plan(documents)
        context |= _planned(actor_of(request), changes)
        if "apply" in request.POST:
            require_appliable(actor_of(request), changes)
            return _apply(request, documents)
    except InvalidManifest as error:
        context["problems"] = error.problems
    except Forbidden:
        raise
    except PlumblineError as error:
        context["fault"] = f"{str(error)[:1].upper()}{str(error)[1:]}."
    status = 422 if context.get("problems") or context.get("fault") else 200
    return render(request, "workflows/apply.html", context, status=status)


def _documents(request: HttpRequest) -> list[Document]:
    """What was uploaded, pasted, or comes back from the plan's page. Raises InvalidInput."""
    files = request.FILES.getlist("files")
    if len(files) > MAX_FILES:
        raise InvalidInput(f"{len(files)} files are too many at once; {MAX_FILES} is the limit")
    found = [Document(_text(file), file.name or "upload.yaml") for file in files]
    texts, sources = request.POST.getlist("text"), request.POST.getlist("source")
    named = zip(texts, sources + [PASTED] * len(texts), strict=False)
    found += [Document(text.replace("\r\n", "\n"), source[:200] or PASTED) for text, source in named if text.strip()]
    if not found:
        raise InvalidInput("there is nothing to plan: paste a manifest or choose files")
    return found


def _text(file: UploadedFile[bytes]) -> str:
    if (file.size or 0) > MAX_TEXT:
        raise InvalidInput(f"{file.name} has {file.size:,} bytes; a manifest has at most 1 MiB")
    try:
        text: str = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file.name} is not UTF-8 text: byte {error.start} can't be read") from None
    return text


def _planned(actor: Actor, changes: list[Change]) -> dict[str, Any]:
    teams, needs_admin = owner_teams(changes)
    gates = _gates(actor, teams, needs_admin=needs_admin)
    pending = [change for change in changes if change.action != "unchanged"]
    return {
        "changes": [(ACTIONS[change.action], change) for change in changes],
        "pending": pending,
        "gates": gates,
        "may": all(gate.look.tone != "fail" for gate in gates) and bool(pending),
    }


def _gates(actor: Actor, teams: list[Team], *, needs_admin: bool) -> list[Gate]:
    """Who must agree: maintainers of each owner, before and after; an admin for teams and shared policies."""
    wanted = [(actor.may(Verb.MAINTAIN, team), f"maintainer of team {team.name}") for team in teams]
    if needs_admin:
        wanted.append(
            (actor.may(Verb.ADMINISTER), "administrator, since it makes or changes a team or what no team owns")
        )
    held, missing = Look("ok", "ok", "Open"), Look("fail", "lock", "Closed")
    return [
        Gate(held if may else missing, f"Needs a {who}" if "maintainer" in who else f"Needs an {who}")
        for may, who in wanted
    ]


def _apply(request: HttpRequest, documents: list[Document]) -> HttpResponse:
    actor = actor_of(request)
    signature = Signature(actor.user, request.POST.get("reason", ""))
    changes = apply(documents, signature, authorise=lambda found: require_appliable(actor, found))
    done = [change for change in changes if change.action != "unchanged"]
    names = ", ".join(
        " ".join(part for part in (change.kind, change.name, change.version) if part) for change in done[:5]
    )
    more = f" and {len(done) - 5} more" if len(done) > 5 else ""
    messages.success(request, f"Applied {names}{more}." if done else "Nothing had to be applied: all of it was there.")
    workflows = [change.name for change in done if change.kind == "Workflow"]
    return redirect("workflow", name=workflows[0]) if len(workflows) == 1 else redirect("workflows")
