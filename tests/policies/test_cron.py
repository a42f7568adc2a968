"""When a schedule is due, above all on the two nights of the year on which clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.policies.cron import BadCron, read


def shown(cron: str, zone: str, after: str, until: str) -> list[str]:
    """The ticks of a stretch of UTC, as the clocks of the zone show them."""
    moments = [datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in (after, until)]
    ticks = read(cron, zone).between(*moments)
    return [f"{tick.astimezone(ZoneInfo(zone)):%d %H:%M %z}" for tick in ticks]


@pytest.mark.parametrize(
    ("zone", "cron", "after", "until", "expected"),
    [
        ("Europe/Madrid", "30 2 * * *", "2026-03-28", "2026-03-30T12:00", ["28 02:30 +0100", "29 03:00 +0200", "30 02:30 +0200"]),
        ("Europe/Madrid", "30 2 * * *", "2026-10-24", "2026-10-26T12:00", ["24 02:30 +0200", "25 02:30 +0200", "26 02:30 +0100"]),
        ("America/New_York", "30 2 * * *", "2026-03-07", "2026-03-09T12:00", ["07 02:30 -0500", "08 03:00 -0400", "09 02:30 -0400"]),
        ("America/New_York", "30 1 * * *", "2026-10-31", "2026-11-02T12:00", ["31 01:30 -0400", "01 01:30 -0400", "02 01:30 -0500"]),
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-02", "2026-10-05", ["03 02:15 +1030", "04 02:30 +1100", "05 02:15 +1100"]),
        ("Australia/Lord_Howe", "45 1 * * *", "2026-04-03", "2026-04-06", ["04 01:45 +1100", "05 01:45 +1100", "06 01:45 +1030"]),
    ],
)  # fmt: skip
def test_a_time_of_day_comes_once_a_day_also_where_clocks_skip_or_repeat_it(
    zone: str, cron: str, after: str, until: str, expected: list[str]
):
    assert shown(cron, zone, after, until) == expected


@pytest.mark.parametrize(
    ("zone", "cron", "after", "until", "expected"),
    [
        ("Europe/Madrid", "*/30 * * * *", "2026-03-29T00:10", "2026-03-29T01:40", ["29 01:30 +0100", "29 03:00 +0200", "29 03:30 +0200"]),
        ("Europe/Madrid", "*/30 * * * *", "2026-10-25T00:10", "2026-10-25T02:10",
         ["25 02:30 +0200", "25 02:00 +0100", "25 02:30 +0100", "25 03:00 +0100"]),
        ("America/New_York", "0 * * * *", "2026-11-01T04:30", "2026-11-01T07:10", ["01 01:00 -0400", "01 01:00 -0500", "01 02:00 -0500"]),
        ("America/New_York", "0 */2 * * *", "2026-03-08T04:30", "2026-03-08T08:10", ["08 00:00 -0500", "08 04:00 -0400"]),
        ("Australia/Lord_Howe", "*/15 1 * * *", "2026-04-04T14:20", "2026-04-04T15:20",
         ["05 01:30 +1100", "05 01:45 +1100", "05 01:30 +1030", "05 01:45 +1030"]),
        ("Australia/Lord_Howe", "*/30 5 * * *", "2026-04-04T10:00", "2026-04-04T20:00", ["05 05:00 +1030", "05 05:30 +1030"]),
        # Havana's clocks skip midnight: the hour is not there at all.
        ("America/Havana", "*/30 0 * * *", "2026-03-08T04:00", "2026-03-08T06:00", []),
    ],
)  # fmt: skip
def test_what_goes_by_a_star_goes_by_real_time(zone: str, cron: str, after: str, until: str, expected: list[str]):
    assert shown(cron, zone, after, until) == expected


def test_two_times_within_the_gap_are_one_tick_after_it():
    assert shown("0,30 2,3 * * *", "Europe/Madrid", "2026-03-28T12:00", "2026-03-29T12:00") == [
        "29 03:00 +0200", "29 03:30 +0200",
    ]  # fmt: skip


def test_a_yearly_time_in_the_hour_that_comes_twice_is_not_missed_the_first_time():
    ticks = shown("* 2 25 10 *", "Europe/Madrid", "2026-01-01", "2026-12-31")
    assert len(ticks) == 120
    assert ticks[0] == "25 02:00 +0200"
    assert ticks[60] == "25 02:00 +0100"


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(["Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu", "UTC"]),
    cron=st.sampled_from(["*/7 * * * *", "15 */5 * * *", "30 2 * * *", "5,35 0-3 * * 1-5", "0 0 1,15 * 0", "59 23 31 * *"]),
    begin=st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),
)  # fmt: skip
def test_where_a_look_begins_changes_no_tick(zone: str, cron: str, begin: datetime):
    """Ticks grow, and are the same whether one comes to them from the tick before or from any moment between."""
    due = read(cron, zone)
    moment = begin.replace(tzinfo=UTC)
    for _ in range(12):
        tick = due.after(moment)
        assert tick > moment
        assert due.after(moment + (tick - moment) / 2) == tick or (tick - moment) / 2 < timedelta(seconds=1)
        assert due.newest(tick, tick + timedelta(seconds=30)) == tick
        moment = tick


def test_the_newest_tick_of_many_years_is_found_at_once():
    due, first = read("* * * 1 *", "Europe/Madrid"), datetime(2000, 1, 1, tzinfo=UTC)
    assert f"{due.newest(first, datetime(2026, 11, 1, tzinfo=UTC)):%Y-%m-%d %H:%M}" == "2026-01-31 22:59"


@pytest.mark.parametrize(
    ("macro", "fields"), [("@daily", "0 0 * * *"), ("@HOURLY", "0 * * * *"), (" @weekly ", "0 0 * * 0")]
)
def test_macros_and_names_are_read(macro: str, fields: str):
    assert read(macro, "UTC").fields == fields
    assert read("0 9 * jan-mar mon-fri", "UTC").fields == "0 9 * JAN-MAR MON-FRI"


def test_two_restricted_days_are_one_or_the_other():
    assert shown("0 0 13 * 5", "UTC", "2026-11-01", "2026-11-20T12:00") == [
        "06 00:00 +0000",
        "13 00:00 +0000",
        "20 00:00 +0000",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "wanted five fields"), ("* * * * * *", "wanted five fields"), ("60 * * * *", "minute '60'"),
        ("* 24 * * *", "hour '24'"), ("* * 0 * *", "day-of-month '0'"), ("* * * 13 *", "month '13'"),
        ("* * * * 8", "day-of-week '8'"), ("* * 31 2 *", "never comes"), ("0 0 31 4,6 *", "never comes"),
        ("*/0 * * * *", "minute"), ("5-1 * * * *", "minute"), ("1/5 * * * *", "minute"), ("*-5 * * * *", "minute"),
        ("-1 * * * *", "minute"), ("1,,2 * * * *", "minute"), ("0 0 L * *", "day-of-month 'L'"), ("0 0 LW * *", "LW"),
        ("0 0 * * 1#2", "day-of-week"), ("0 0 * * 5L", "day-of-week"), ("٣ * * * *", "minute"), ("¼ * * * *", "minute"),
        ("1e3 * * * *", "minute"), ("@reboot", "no macro"), ("@", "no macro"), ("9" * 5000, "at most 120"),
        ("*/" + "9" * 80 + " * * * *", "minute"), ("0 0 ? * *", "day-of-month"), ("H * * * *", "minute"), ("\0 * * * *", "minute"),
        ("* * * FOO *", "month 'FOO'"), (",".join(["1"] * 50) + " * * * *", ""),
    ],
)  # fmt: skip
def test_a_text_that_is_no_cron_says_which_field_and_what_it_takes(text: str, said: str):
    if not said:
        assert read(text, "UTC")
        return
    with pytest.raises(BadCron, match=said.replace("'", ".")):
        read(text, "UTC")


@given(st.text(alphabet="0123456789*/,-@ LW#?JANMONFRI\t\n", max_size=40))
def test_whatever_is_written_is_read_or_refused(text: str):
    try:
        due = read(text, "Europe/Madrid")
    except BadCron:
        return
    assert due.after(datetime(2026, 1, 1, tzinfo=UTC))


def test_a_zone_is_a_name_of_the_time_zone_database_and_no_path():
    for zone in ("Europe/Madird", "../../etc/passwd", "/etc/localtime", "", "europe/madrid\0"):
        with pytest.raises(BadCron, match="no time zone"):
            read("* * * * *", zone)
