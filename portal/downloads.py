"""Answers that are files to download: a zip, kept in memory while it is small.

Owns that answer, for pages and API alike. Never decides what is in it, or who may have it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable

from django.http import FileResponse

from governance.decisions.archive import write_zip
from governance.selectors.decision_files import exported

#: A larger one goes by way of a file on the disk.
_IN_MEMORY = 8 * 1024 * 1024


def decisions_zip(*, folder: str, owner: str) -> FileResponse:
    """The decisions that fit, as files."""
    return zip_of(exported(folder=folder, owner=owner), "decisions.zip")


def zip_of(files: Iterable[tuple[str, bytes]], name: str) -> FileResponse:
    """These files."""
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the response closes it
    write_zip(files, file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
