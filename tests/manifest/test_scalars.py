"""Durations, rates and references, and their normal forms."""

import pytest

from orchestration.manifest import format_duration, parse_duration, parse_rate, parse_reference


@pytest.mark.parametrize(
    ("text", "seconds", "normal"),
    [
        ("250ms", 0.25, "250ms"),
        ("5s", 5, "5s"),
        ("5000ms", 5, "5s"),
        ("2m", 120, "2m"),
        ("1h30m", 5400, "1h30m"),
        ("90m", 5400, "1h30m"),
        ("1.5s", 1.5, "1s500ms"),
        ("24h", 86400, "1d"),
        ("3d", 259200, "3d"),
        ("1d2h3m4s5ms", 93784.005, "1d2h3m4s5ms"),
        ("0m", 0, "0s"),
    ],
)
def test_a_duration_has_one_normal_form(text, seconds, normal):
    assert parse_duration(text) == seconds
    assert format_duration(parse_duration(text)) == normal
    assert parse_duration(normal) == seconds


@pytest.mark.parametrize("text", ["", "5", "s", "5 s", "-5s", "5sm", "5s5m", "1y", "0.1ms", "99999999d", "５s", "1e3s"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match=r"duration|millisecond|100 years"):
        parse_duration(text)


def test_a_rate_is_calls_a_second():
    assert [parse_rate("50/s"), parse_rate("120/m"), parse_rate("3600/h")] == [50, 2, 1]


def test_a_reference_is_a_name_and_an_npm_range():
    name, versions = parse_reference("order.placed@^1.2")
    assert name == "order.placed"
    assert [text for text in ("1.1.9", "1.2.0", "1.9.0", "2.0.0") if versions.match(_version(text))] == [
        "1.2.0",
        "1.9.0",
    ]


def _version(text):
    from semantic_version import Version

    return Version(text)
