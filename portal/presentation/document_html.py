"""A document's text as a page shows it: rendered, sanitised, its references live. Owns that pairing, and nothing else."""

from __future__ import annotations

from django.utils.safestring import SafeString

from governance.markdown import render
from governance.references import keys_in
from portal.selectors.references import known


def document_html(text: str) -> SafeString:
    """The text's HTML; a query for each kind that it refers to."""
    keys = keys_in(text)
    return render(text, known(keys) if keys else None)
