"""A page that is left open: bounded requests, and no memory, nodes or listeners that only grow. Measured in Chromium.

What polls every five seconds is made to poll at once, over and over, by the event that its trigger waits for; so an hour
of a live page takes a minute. The figures are those of the browser after it collected garbage.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page

from tests.processes.conftest import wait_until
from tests.processes.load import sized
from tests.product.conftest import Window, once

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("product-pages")]
Open = Callable[..., Window]

PLOTLY = "plotly.min.js"
#: Swaps until what is made once is there, and those of each of the parts that are measured; the long form has an hour's.
WARM, PART, PARTS = 30, sized(40, 230), 3
#: The short form has the page with the most charts.
CHARTED = "/dependencies/payments/?period=24h"
SWAPPED = sized([CHARTED], ["/", CHARTED, "/dependencies/map/?period=24h"])
#: What a swap may leave for good: far less than one panel's markup or one chart.
BYTES, NODES, LISTENERS = 3_000, 0.5, 0.1

#: Takes each live region's address apart, so that the answer is always the whole fragment, and swaps it in.
POLL = """async (times) => {
  for (let turn = 0; turn < times; turn++) {
    for (const region of document.querySelectorAll("[data-live]")) {
      const address = new URL(region.getAttribute("hx-get"), location.href);
      address.searchParams.set("seen", "nothing");
      await htmx.ajax("GET", address.pathname + address.search, {source: region, target: region, swap: "outerHTML"});
    }
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 10)));
  }
}"""


def weight(page: Page, tools: CDPSession) -> dict[str, float]:
    """Heap, nodes and listeners that are really in use: the least of some readings, since on a busy machine the browser takes
    its time to free the page that was left before this one."""
    readings = []
    for _ in range(12):
        tools.send("HeapProfiler.collectGarbage")
        page.wait_for_function("new Promise((done) => setTimeout(() => done(true), 100))")
        readings.append({one["name"]: one["value"] for one in tools.send("Performance.getMetrics")["metrics"]})
    return {name: min(one[name] for one in readings) for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners")}


@once
@pytest.mark.parametrize("path", SWAPPED)
def test_a_page_that_is_swapped_for_an_hour_keeps_its_weight(window: Open, path: str):
    seen = window("admin")
    page = seen.go(path)
    page.wait_for_load_state("networkidle")
    tools = seen.context.new_cdp_session(page)
    tools.send("Performance.enable")
    page.evaluate(POLL, WARM)
    weights = [weight(page, tools)]
    for _ in range(PARTS):
        page.evaluate(POLL, PART)
        weights.append(weight(page, tools))
    # What leaks does so in each part. What came once, an alert of the examples or what the browser keeps of code that it ran
    # often, came in one of them: so the middle one counts.
    grown = {name: median((b[name] - a[name]) / PART for a, b in pairwise(weights)) for name in weights[0]}
    print(f"{path}: {weights}, {PART} swaps between two; a swap leaves {grown}")
    assert grown["JSHeapUsedSize"] < BYTES, grown
    assert grown["Nodes"] < NODES, grown
    assert grown["JSEventListeners"] < LISTENERS, grown


@once
def test_a_live_page_asks_as_often_as_it_says_and_no_more(window: Open):
    seen = window("admin")
    asked: list[str] = []
    seen.page.on("request", lambda request: asked.append(request.url))
    page = seen.go("/")
    page.wait_for_load_state("networkidle")
    regions = page.locator("[data-live]").count()
    asked.clear()
    page.wait_for_timeout(16_000)
    polls = [url for url in asked if "seen=" in url]
    assert len(polls) == len(asked), asked
    assert 2 * regions <= len(polls) <= 4 * regions, polls
    page.get_by_role("button", name="Pause live updates").click()
    asked.clear()
    page.wait_for_timeout(6_000)
    assert asked == []


def counted(window: Open) -> Window:
    """The admin's window, once runs have been counted: a chart of nothing is an empty state, without a library."""
    seen = window("admin")
    for path in (path for path, expected in PAGES.items() if expected):
        wait_until(
            lambda path=path: seen.go(path).locator(".plotly-chart").count() > 0, 90, f"something to draw on {path}"
        )
    return seen


@once
def test_only_pages_with_charts_load_the_chart_library(window: Open):
    seen = counted(window)
    for path, expected in PAGES.items():
        loaded: list[str] = []

        def heard(request: Any, loaded: list[str] = loaded) -> None:
            loaded.append(request.url)

        seen.page.on("request", heard)
        page = seen.go(path)
        page.wait_for_load_state("networkidle")
        seen.page.remove_listener("request", heard)
        assert any(PLOTLY in url for url in loaded) is expected, path


PAGES = {
    "/": True,
    "/dependencies/payments/?period=28d": True,
    "/explore/": True,
    "/workflows/order-fulfilment/performance/?period=28d": True,
    "/workflows/order-fulfilment/": False,
    "/workflows/": False,
    "/dependencies/": False,
    "/dependencies/map/": False,
    "/runs/": False,
    "/changes/": False,
    "/alerts/": False,
    "/account/": False,
}


@once
def test_every_chart_has_its_table_and_is_drawn(window: Open):
    seen = counted(window)
    for path in [path for path, expected in PAGES.items() if expected]:
        page = seen.go(path)
        page.wait_for_selector(".plotly-chart .main-svg")
        page.wait_for_load_state("networkidle")
        charts = page.locator("figure.chart.drawn").count()
        assert charts, path
        assert page.locator("figure.chart.drawn details.behind table").count() == charts, path
        assert page.locator(".plotly-chart.unavailable").count() == 0, path
        assert page.locator(".plotly-chart:has(.main-svg)").count() == charts, path


@once
def test_without_script_the_numbers_are_in_the_tables(window: Open):
    signed = window("admin")
    page = signed.context.browser.new_context(
        storage_state=signed.context.storage_state(), java_script_enabled=False
    ).new_page()
    page.goto(signed.product.url + "/explore/")
    page.locator("details.behind > summary").click()
    assert page.locator("details.behind table tbody tr").count() == 25
    page.context.close()
