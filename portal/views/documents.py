"""What the pages of documents share: the frame, the editor, the merge page, history, restore, preview.

Owns the flow of those pages. Never knows the fields of a noun: its own view brings the form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from governance.models import Decision, Document, Postmortem
from governance.selectors.revisions import Revision, at_revision, find_revision, revision_text, revisions
from governance.services.documents import MAX_BODY, EditConflict
from orchestration.errors import InvalidInput
from orchestration.models import Team
from portal.middleware.reader import actor_of
from portal.models import Draft
from portal.permissions import Verb
from portal.presentation.document_html import document_html
from portal.presentation.textdiff import diff
from portal.services.drafts import discard, draft_for
from portal.views.document_forms import DocumentForm, ReasonForm, typed

PER_PAGE = 100
Restore = Callable[..., Document]


def said(front_matter: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a loaded file said beyond our fields (who decided, who was asked), for the side rail."""
    found = []
    for name, value in front_matter.items():
        listed = value if isinstance(value, list) else [value]
        if listed and all(isinstance(item, str | int | float) for item in listed):
            found.append((str(name).replace("-", " ").replace("_", " ").capitalize(), ", ".join(map(str, listed))))
    return found


def noun_of(document: Document) -> str:
    """The prefix of its URL names, and its word."""
    return type(document).__name__.lower()


def link(document: Document, page: str = "") -> str:
    """A page of the document: "", edit, history or restore."""
    key = document.number if isinstance(document, Decision | Postmortem) else document.slug
    return reverse(f"{noun_of(document)}{'-' if page else ''}{page}", args=[key])


def frame(request: HttpRequest, document: Document) -> dict[str, Any]:
    """Context of every page about one document."""
    noun = noun_of(document)
    return {
        "nav": f"{noun}s",
        "noun": noun,
        "label": f"{noun}s".capitalize(),
        "list_url": reverse(f"{noun}s"),
        "document": document,
        "name": f"{noun.capitalize()} {document.number}"
        if isinstance(document, Decision | Postmortem)
        else document.slug,
        "urls": {page or "read": link(document, page) for page in ("", "edit", "history", "restore")},
        "may_edit": actor_of(request).may(Verb.MAINTAIN, document.owner),
    }


def owners(request: HttpRequest, document: Document | None = None) -> list[Team]:
    """The teams that the reader may give a document to. Raises Forbidden without any."""
    actor = actor_of(request)
    if document is not None:
        actor.require(Verb.MAINTAIN, document.owner)
    teams = actor.teams_with(Verb.MAINTAIN)
    if not teams:
        actor.require(Verb.MAINTAIN)
    return teams


def editor(
    request: HttpRequest,
    form: DocumentForm,
    noun: str,
    document: Document | None = None,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The page with form, text and preview; the preview is drawn here too, so that it needs no script."""
    frame_of = frame(request, document) if document else {
        "nav": f"{noun}s", "noun": noun, "label": f"{noun}s".capitalize(), "list_url": reverse(f"{noun}s"),
    }  # fmt: skip
    kept = _offer_draft(request, form)
    body = str(form["body"].value() or "")
    context = {
        **frame_of,
        "form": form,
        "rows": [[form[name] for name in row] for row in form.rows],
        "preview": document_html(body[:MAX_BODY]),
        "preview_url": reverse(f"{noun}-preview"),
        "draft": kept,
        "uses_draft": kept is not None and "draft" in request.GET,
        **more,
    }
    return render(request, "knowledge/edit.html", context, status=status)


def _offer_draft(request: HttpRequest, form: DocumentForm) -> Draft | None:
    """What was typed here before and not saved; with `?draft=1` the form has it, at the revision over which it was typed."""
    if request.method != "GET":
        return None
    kept = draft_for(actor_of(request).user, request.path)
    if kept is not None and "draft" in request.GET:
        data = QueryDict(mutable=True)
        for name, values in kept.fields.items():
            data.setlist(name, values)
        form.initial = typed(type(form), data) | {"revision": data.get("revision", "")}
    return kept


def merge(
    request: HttpRequest, error: EditConflict, began_at: int, draft: str, again: Callable[[Any], DocumentForm]
) -> HttpResponse:
    """Somebody saved meanwhile: what they changed, what this text would change, and the text itself, ready to save over
    the current revision once both are one. Nothing is written and nothing is lost."""
    current = error.current
    latest = revisions(current, limit=1).items[0]
    theirs = revision_text(current, latest.id)
    base_id = at_revision(current, began_at)
    data = request.POST.copy()
    data["revision"] = str(current.revision)
    context = {
        "latest": latest,
        "theirs": current.body,
        "their_change": diff(revision_text(current, base_id), theirs) if base_id else None,
        "your_change": diff(theirs, draft),
    }
    return editor(request, again(data), noun_of(current), current, status=409, merge=context)


def saved(request: HttpRequest, document: Document, revision: int | None) -> HttpResponse:
    """To the document, saying what happened. `revision` is the one before; None for a new document."""
    discard(user=actor_of(request).user, place=request.path)
    if document.revision == revision:
        messages.info(request, "Nothing was different, so no revision was written.")
    else:
        messages.success(request, f"Revision {document.revision} saved." if revision else f"{document} created.")
    return redirect(link(document))


def history(request: HttpRequest, document: Document) -> HttpResponse:
    """Revisions with who, when and why, and the difference of any two: the newest two unless the URL says otherwise."""
    page = revisions(document, cursor=request.GET.get("cursor", ""), limit=PER_PAGE)
    new = _chosen(request, "to") or (page.items[0].id if page.items else None)
    old = _chosen(request, "from") or (page.items[1].id if len(page.items) > 1 else None)
    compared: Mapping[str, Any] = {}
    if old is not None and new is not None:
        if old > new:
            old, new = new, old
        compared = {
            "old": find_revision(document, old),
            "new": find_revision(document, new),
            "difference": diff(revision_text(document, old), revision_text(document, new)),
        }
    context = {
        **frame(request, document),
        "revisions": page.items,
        "chosen_old": old,
        "chosen_new": new,
        "compared": compared,
        "next_url": f"?cursor={page.next}" if page.next else "",
    }
    return render(request, "knowledge/history.html", context)


def restore(request: HttpRequest, document: Document, write: Restore, what: str) -> HttpResponse:
    """Asks why, shows what would change, then writes an earlier text as a new revision."""
    actor = actor_of(request)
    actor.require(Verb.MAINTAIN, document.owner)
    history_id = _chosen(request, "revision")
    if history_id is None:
        raise InvalidInput("choose a revision to restore on the history page")
    row = find_revision(document, history_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        seen, reason = _chosen(request, "current"), form.cleaned_data["reason"]
        wanted = {noun_of(document): document, "history_id": history_id, "revision": seen}
        try:
            return saved(request, write(**wanted, actor=actor.user, reason=reason), document.revision)
        except EditConflict as error:
            form.add_error(None, f"{error.current} was edited meanwhile; look again at what would change, below.")
    change = diff(f"{document.title}\n\n{document.body}", f"{row.title}\n\n{row.body}")
    context = {**frame(request, document), "form": form, "row": row, "change": change, "what": what}
    return render(request, "knowledge/restore.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """The fragment that the editor shows: the very rendering that the page will have."""
    text = request.POST.get("text", "")
    if len(text) > MAX_BODY:
        return HttpResponse(f"<p>The text has {len(text):,} characters; the limit is {MAX_BODY:,}.</p>")
    return HttpResponse(document_html(text))


def recent(document: Document) -> list[Revision]:
    """The last three revisions, for the side rail."""
    return revisions(document, limit=3).items


def _chosen(request: HttpRequest, name: str) -> int | None:
    text = request.POST.get(name) or request.GET.get(name) or ""
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidInput(f"{name} is {text[:40]!r}, which is no revision; choose one on the history page")
    return int(text) if text else None
