"""Runbooks as files, as structured documents, and their freshness: pure, no database.

`parse` reads Markdown and never raises; `render` gives it back, byte for byte where nothing was edited.
"""

from governance.runbooks.actions import Action, ActionKind
from governance.runbooks.reading import parse
from governance.runbooks.structure import ParsedRunbook, Prose, Section, Step, Warning
from governance.runbooks.writing import render

__all__ = ["Action", "ActionKind", "ParsedRunbook", "Prose", "Section", "Step", "Warning", "parse", "render"]
