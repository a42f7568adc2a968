"""A postmortem's timeline: what the database has of its window, with what people made of it; as kept once it is published.

Never writes. The lines of the database are read anew each time until publishing, so that what comes in late is seen.
"""

from __future__ import annotations

from collections.abc import Collection

from governance.models import Postmortem
from governance.postmortems.lines import Found, Line, marked, of_frozen, ordered
from governance.selectors.incident_events import events
from governance.selectors.postmortems import about
from orchestration import clock

#: How the keys of lines begin that people wrote.
OWN = "own:"


def timeline(postmortem: Postmortem) -> Found:
    """Every line, hidden ones too."""
    frozen = postmortem.frozen
    if postmortem.is_published and isinstance(frozen, dict):
        return Found(of_frozen(frozen.get("lines", [])), list(frozen.get("cut", [])))
    linked = about(postmortem)
    return lines_of(postmortem, linked.workflows, linked.dependencies)


def lines_of(postmortem: Postmortem, workflows: Collection[str], dependencies: Collection[str]) -> Found:
    """The same out of the live database, for what it is about."""
    found = events(postmortem.began_at, postmortem.ended_at or clock.now(), workflows, dependencies)
    marks = list(postmortem.marks.all()) if postmortem.pk else []
    lines = marked(found.lines, {mark.key: (mark.shown, mark.note) for mark in marks})
    known = {line.key for line in lines}
    for mark in marks:
        is_own = mark.key.startswith(OWN)
        # What a mark was on may be gone by now, pruned or outside the window; what somebody wrote of it is not.
        if is_own or (mark.key not in known and (mark.note or mark.shown == "pinned")):
            lines.append(Line(mark.key, mark.at, "own", mark.text, shown=mark.shown, note=mark.note))
    return Found(ordered(lines), found.cut)
