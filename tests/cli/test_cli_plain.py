"""Text and times as a terminal may show them."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from portal.cli.plain import clean, clock, count, one_line


@pytest.fixture
def _in_madrid(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Madrid")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_in_madrid")
def test_a_time_is_shown_in_the_readers_zone_with_its_day_unless_that_is_today():
    assert clock("2031-05-01T12:03:12Z") == "2031-05-01 14:03:12"
    now = datetime.now(UTC)
    assert clock(now.isoformat()) == now.astimezone().strftime("%H:%M:%S")


@pytest.mark.parametrize(("stamp", "shown"), [(None, ""), ("", ""), (7, ""), ("soon\x1b", "soon\\x1b")])
def test_what_is_no_time_is_shown_as_it_is(stamp, shown):
    assert clock(stamp) == shown


def test_text_that_could_steer_a_terminal_is_written_out():
    assert clean("a\x1b[2J\x9b\r\u202eb\udce9\n\tc") == "a\\x1b[2J\\x9b\\r\\u202eb\\udce9\n\tc"
    assert one_line(" a\n\n b ") == "a b"


def test_one_is_singular():
    assert (count(1, "file"), count(0, "file")) == ("1 file", "0 files")
