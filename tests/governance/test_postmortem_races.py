"""People who act on one postmortem at the same moment: one draft of an alert, one number each, one closing of an action."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from governance.models import ActionItem, Postmortem, TimelineMark
from governance.selectors.postmortems import find_postmortem
from governance.services.action_items import close_action
from governance.services.drafting import from_alert
from governance.services.postmortems import edit_postmortem
from governance.services.timelines import add_line, mark_line
from orchestration import clock
from orchestration.errors import Conflict
from orchestration.models import Alert, Team
from tests.governance.incidents import edit_of, write
from tests.governance.test_document_races import THREADS, together

pytestmark = pytest.mark.django_db(transaction=True)


def test_many_clicks_on_one_alert_make_one_draft():
    team = Team.objects.create(name="checkout")
    alert = Alert.objects.create(
        kind="compensation", severity="page", subject="orders", team=team, escalation=team,
        opened_at=clock.now() - timedelta(hours=1),
    )  # fmt: skip
    made = together(lambda _: from_alert(alert=Alert.objects.get(pk=alert.pk), actor=None).number)
    assert made == [1] * THREADS
    assert Postmortem.objects.count() == Postmortem.history.count() == 1


def test_everybody_gets_a_number_of_their_own():
    team = Team.objects.create(name="checkout")
    made = together(lambda index: write(team, title=f"Number {index}").number)
    assert sorted(made) == list(range(1, THREADS + 1))


def test_an_action_is_closed_once_and_a_line_marked_by_many_has_one_mark():
    team = Team.objects.create(name="checkout")
    postmortem = write(team)
    item = ActionItem.objects.create(
        postmortem=postmortem, text="Do it", owner=team, due=date(2099, 1, 2), since=clock.now()
    )
    line = add_line(postmortem=postmortem, at=postmortem.began_at, text="x", actor=None)

    def act(index: int) -> Any:
        mine = find_postmortem(1)
        mark_line(postmortem=mine, key=line.key, shown="pinned", note=f"note {index}", actor=None)
        return close_action(
            item=ActionItem.objects.get(pk=item.pk), actor=None, reason=f"{index}", link="https://x.example/"
        )

    done = together(act)
    assert sum(isinstance(one, Conflict) for one in done) == THREADS - 1
    assert ActionItem.history.filter(state="done").count() == 1
    assert TimelineMark.objects.count() == 1


def test_a_line_marked_while_somebody_publishes_is_in_the_copy_or_refused():
    team = Team.objects.create(name="checkout")
    made = write(team)
    line = add_line(postmortem=made, at=made.began_at, text="x", actor=None)

    def act(index: int) -> Any:
        if index == 0:
            return edit_postmortem(**edit_of(find_postmortem(1), status="published"))
        return mark_line(postmortem=find_postmortem(1), key=line.key, shown="plain", note=f"note {index}", actor=None)

    together(act)
    published = find_postmortem(1)
    (kept,) = published.frozen["lines"]
    assert kept["note"] == TimelineMark.objects.get().note, "nothing is written after the copy was made"
