"""The example company's postmortem, about the scripted trouble of payments in its past: loaded once, with lines and actions.

Owns the form of the file. Its window is told in days before the example history ends, so that the timeline finds the runs that
`load_history` plays; these may come later, since the timeline of a postmortem under review is read anew each time.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from governance.front_matter import Unreadable, names, split, take_title, word
from governance.models import Postmortem
from governance.services.action_items import add_action
from governance.services.documents import find_team
from governance.services.postmortems import create_postmortem
from governance.services.timelines import add_line

REASON = "The example company's past."


def load_postmortem(path: Path, end: datetime) -> Postmortem | None:
    """Write what the file says, of a past that ended then; None if it is there. Raises Unreadable."""
    source = f"example {path.stem}"
    if Postmortem.objects.filter(source=source).exists():
        return None
    parts = split(path.read_text(encoding="utf-8"), path.name)
    values: dict[str, Any] = dict(parts.values)
    day = end.astimezone(UTC).date() - timedelta(days=values["days_ago"])
    began = _moment(day, values["began"])
    made = create_postmortem(
        title=word(values, "title", path.name), body=take_title(parts.body)[1], status=values["status"],
        severity=values["severity"], owner=find_team(values["owner"]), began_at=began,
        ended_at=began + timedelta(minutes=values["minutes"]), workflows=names(values, "workflows", path.name),
        dependencies=names(values, "dependencies", path.name), actor=None, reason=REASON, source=source,
    )  # fmt: skip
    for line in values["lines"]:
        add_line(postmortem=made, at=_moment(day, line["at"]), text=line["text"], actor=None)
    for item in values["actions"]:
        add_action(
            postmortem=made, text=item["text"], owner=find_team(item["owner"]), person=None,
            due=end.date() + timedelta(days=item["days"]), check=item["check"], target=item.get("target", ""), days=None,
            actor=None,
        )  # fmt: skip
    return made


def _moment(day: Any, clock_time: str) -> datetime:
    try:
        return datetime.combine(day, time.fromisoformat(clock_time), UTC)
    except ValueError:
        raise Unreadable(f"{clock_time!r} is no time of day; write 11:07") from None
