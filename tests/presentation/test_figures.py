"""Figures are valid Plotly, carry units, and are painted with the colours of the style sheet."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from portal.dashboards.figures import DARK, LIGHT, Point, legend_of, runs_and_errors, table_of
from tests.presentation.conftest import ROOT

START = datetime(2026, 11, 17, 8, tzinfo=UTC)
POINTS = [Point(START, 500, 10, 3, 1), Point(START + timedelta(minutes=15), 0, 0, 0, 0)]


def test_the_palette_is_the_one_of_tokens_css():
    css = (ROOT / "static/css/tokens.css").read_text()
    pairs = {m[1]: (m[2], m[3]) for m in re.finditer(r"--([\w-]+):\s*light-dark\((#\w+), (#\w+)\)", css)}
    assert LIGHT.keys() == DARK.keys()
    assert {name: pairs[name] for name in LIGHT} == {name: (LIGHT[name], DARK[name]) for name in LIGHT}


@pytest.mark.parametrize("points", [POINTS, []])
def test_the_figure_is_valid_plotly_and_names_no_colour(points):
    import plotly.graph_objects

    figure = runs_and_errors(points, budget=0.005)
    plotly.graph_objects.Figure(figure)
    assert not re.search(r"#[0-9a-f]{6}|rgb|light-dark", json.dumps(figure))


def test_every_role_has_a_colour_in_both_themes():
    figure = runs_and_errors(POINTS, budget=0.005)
    roles = {trace["meta"]["role"] for trace in figure["data"]} | {
        shape["name"] for shape in figure["layout"]["shapes"]
    }
    assert roles <= LIGHT.keys()


def test_axes_carry_their_units_and_the_budget_its_label():
    layout = runs_and_errors(POINTS, budget=0.005)["layout"]
    assert layout["yaxis"]["title"]["text"] == "Runs"
    assert layout["yaxis2"]["title"]["text"] == "Error rate, %"
    assert layout["annotations"][0]["text"] == "Budget 0.5 %"
    assert layout["shapes"][0]["y0"] == 0.5


def test_an_interval_without_runs_has_no_error_rate_rather_than_none_at_all():
    rate = runs_and_errors(POINTS)["data"][-1]["y"]
    assert rate == [0.77821, None]


def test_the_table_behind_says_the_same_in_the_zone_of_the_reader():
    figure = runs_and_errors(POINTS, zone=timezone(timedelta(hours=1), "CET"))
    table = table_of(figure)
    assert table.heads == ["Time, CET", "Succeeded", "Degraded", "Failed", "Timed out", "Error rate"]
    assert table.rows == [
        ["17 Nov, 09:00", "500", "10", "3", "1", "0.78 %"],
        ["17 Nov, 09:15", "0", "0", "0", "0", "–"],
    ]


def test_a_state_that_never_occurred_takes_no_place_in_the_legend():
    names = [entry.name for entry in legend_of(runs_and_errors([Point(START, 5, 0, 0, 0)]))]
    assert names == ["Succeeded", "Error rate"]
