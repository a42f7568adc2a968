"""The example company's postmortem: loaded once, with its lines and actions, and fit to be published."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command

from governance.models import ActionItem, Pattern, Postmortem
from governance.postmortems.sections import missing, parse
from governance.selectors.incident_lines import timeline
from orchestration import clock
from portal.services.example_postmortem import load_postmortem

EXAMPLES = Path(__file__).parents[2] / "examples"
FILE = EXAMPLES / "postmortems" / "charges-hung.md"


@pytest.mark.django_db
def test_it_is_loaded_once_into_the_past_that_the_history_plays():
    call_command("load_examples", verbosity=0)
    end, made = clock.now(), Postmortem.objects.get()
    assert made.began_at.date() == (end.astimezone(UTC) - timedelta(days=3)).date()
    assert (made.began_at.hour, made.began_at.minute) == (11, 7)
    assert missing(parse(made.body)) == []
    assert [line.kind for line in timeline(Postmortem.objects.get()).lines] == ["own"] * 3
    assert ActionItem.objects.count() == 3
    call_command("load_examples", verbosity=0)
    assert load_postmortem(FILE, end + timedelta(days=1)) is None
    assert Postmortem.objects.get().began_at < datetime.now(UTC)
    assert Pattern.objects.count() >= 8
