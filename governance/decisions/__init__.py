"""Decision records as files: what a file says in whatever style it is written, and a record written as a file.

Pure: no database, no disk. `parse` takes any text and never raises; `render` gives an unedited record back byte by byte.
"""

from governance.decisions.folder import Plan, Planned, plan
from governance.decisions.reading import parse
from governance.decisions.record import STATUSES, Link, ParsedDecision
from governance.decisions.rendering import render

__all__ = ["STATUSES", "Link", "ParsedDecision", "Plan", "Planned", "parse", "plan", "render"]
