"""A document's text as a page shows it: rendered, sanitised, its references live. Owns that pairing, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.safestring import SafeString

from governance.markdown import render
from governance.references import keys_in
from portal.selectors.references import known


def document_html(text: str, after: Mapping[int, SafeString] | None = None) -> SafeString:
    """The text's HTML; a query for each kind that it refers to. `after`: see governance.markdown.render."""
    keys = keys_in(text)
    return render(text, known(keys) if keys else None, after)
