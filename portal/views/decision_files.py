"""The page that imports decisions from a zip: try it, read the report, then import; and the export.

Owns the two steps. Between them the page itself carries the archive, so that nothing half imported lies about.
"""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import PurePosixPath
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from governance.decisions.archive import read_zip
from governance.services.documents import find_team
from governance.services.importing import ImportReport, import_decisions
from orchestration.errors import InvalidInput, Violation
from portal.downloads import decisions_zip
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.import_words import rows, sentence
from portal.views import document_lists as lists
from portal.views import documents
from portal.views.decision_import_form import MAX_UPLOAD, ImportForm

#: More lines make a page that nobody reads to its end.
MOST_ROWS = 500


@login_required
@require_GET
def export(request: HttpRequest) -> FileResponse:
    """The decisions as files in a zip; `?owner=` and `?folder=` choose some."""
    given = lists.given(request, ("owner", "folder"))
    return decisions_zip(folder=given.get("folder", ""), owner=given.get("owner", ""))


@login_required
@require_http_methods(["GET", "POST"])
def import_page(request: HttpRequest) -> HttpResponse:
    """Choose a zip, see what would become of each file, import."""
    teams = documents.owners(request)
    if request.method == "GET":
        return _page(request, ImportForm(teams=teams))
    form = ImportForm(request.POST, request.FILES, teams=teams)
    context: dict[str, Any] = {}
    if form.is_valid():
        for_real = "import" in request.POST
        try:
            data = _archive(form)
            folder = form.cleaned_data["folder"] or _folder_name(form)
            report = _imported(request, form, data, folder, for_real=for_real)
            context = _context(report, form, data, folder, for_real=for_real)
        except InvalidInput as error:
            form.accuse(error)
    return _page(request, form, status=422 if form.errors else 200, **context)


def _archive(form: ImportForm) -> bytes:
    """The zip: uploaded now, or carried over from the trial's page."""
    file = form.cleaned_data["file"]
    if file is not None:
        if file.size > MAX_UPLOAD:
            text = f"the zip has {file.size:,} bytes; this page takes {MAX_UPLOAD:,}. Use plumbline import decisions"
            raise InvalidInput(text, [Violation("/file", text)])
        data: bytes = file.read()
        return data
    try:
        carried = base64.urlsafe_b64decode(form.cleaned_data["carried"].encode())
    except (binascii.Error, ValueError):
        carried = b""
    if not carried:
        raise InvalidInput("choose a zip", [Violation("/file", "choose a zip of the folder")])
    return carried


def _folder_name(form: ImportForm) -> str:
    file = form.cleaned_data["file"]
    stem = PurePosixPath(file.name).stem if file is not None and file.name else ""
    return re.sub(r"[^\w.-]+", "-", stem)[:120].strip("-.") or "decisions"


def _imported(request: HttpRequest, form: ImportForm, data: bytes, folder: str, *, for_real: bool) -> ImportReport:
    actor, owner = actor_of(request), find_team(form.cleaned_data["owner"])
    actor.require(Verb.MAINTAIN, owner)
    files = read_zip(data)
    reason = form.cleaned_data["reason"] or f"import of {folder}"
    return import_decisions(
        files=files.texts, refused=files.refused, others=files.others, encodings=files.encodings, folder=folder,
        owner=owner, actor=actor.user, reason=reason, may=lambda team: actor.may(Verb.MAINTAIN, team), dry_run=not for_real,
    )  # fmt: skip


def _context(report: ImportReport, form: ImportForm, data: bytes, folder: str, *, for_real: bool) -> dict[str, Any]:
    shown = rows(report)
    return {
        "report": report,
        "rows": shown[:MOST_ROWS],
        "more": max(0, len(shown) - MOST_ROWS),
        "sentence": sentence(report, for_real=for_real),
        "is_done": for_real,
        "wanted": report.count("created") + report.count("updated"),
        "carried": base64.urlsafe_b64encode(data).decode() if not for_real else "",
        "folder": folder,
        "owner": form.cleaned_data["owner"],
        "reason": form.cleaned_data["reason"] or f"import of {folder}",
    }


def _page(request: HttpRequest, form: ImportForm, *, status: int = 200, **context: Any) -> HttpResponse:
    return render(request, "decisions/import.html", {"nav": "decisions", "form": form, **context}, status=status)
