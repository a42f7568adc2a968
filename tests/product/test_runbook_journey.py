"""The scripted payment trouble, as whoever is on call lives through it: strip, alert, exercise, retry, closed, postmortem."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.processes.conftest import wait_until
from tests.product.conftest import Product, Window, once, start, stop

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("product"), once]
#: Seconds of the script at which payments becomes slow, and how long before that the product starts.
#: A start takes ten seconds or more: orders must be on their way when the trouble begins, which lasts two minutes.
SLOW_FROM, PERIOD, BEFORE = 360, 600, 70


@pytest.fixture
def troubled() -> Iterator[Product]:
    """A product of its own whose payments will be slow in a minute."""
    folder = Path(tempfile.mkdtemp(prefix="plumbline-trouble-"))
    offset = SLOW_FROM - BEFORE - time.time() % PERIOD
    found = start(folder, SANDBOX_CLOCK_OFFSET=f"{offset:.0f}")
    yield found
    stop(found)
    shutil.rmtree(folder, ignore_errors=True)


def test_an_exercise_is_accessible_in_both_themes_and_fits_a_phone(window: Callable[..., Window]):
    seen = window("maintainer", color_scheme="light")
    page = seen.go("/runbooks/fulfilment-stuck/")
    page.get_by_role("button", name="Start exercise").click()
    page.wait_for_url(re.compile(r"/exercises/\d+/$"))
    page.locator("#note-1").fill("one step stands out")
    page.locator("#evidence-1").fill("x" * 400)
    page.locator("#step-1").get_by_role("button", name="Not as expected").click()
    expect(page.locator("#step-state-1")).to_have_text("Not as expected")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = Axe().run(page).response["violations"]
        assert not found, [(one["id"], [node["target"] for node in one["nodes"][:3]]) for one in found]
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.skipif(os.environ.get("CHAOS") != "long", reason="it takes five minutes: CHAOS=long")
def test_from_the_alert_to_the_runs_that_are_retried_and_the_trail(troubled: Product, browser: Browser):
    window = Window(troubled, browser, "maintainer")
    page = window.go("/runbooks/payments-slow/")
    # Nobody reloads: the strip is live.
    expect(page.locator("#runbook-strip")).to_contain_text("breaker open", timeout=200_000)
    expect(page.locator("main .inline-live").first).to_contain_text("breaker open")

    alert = _alert(troubled)
    page = window.go(f"/alerts/{alert['number']}/")
    page.get_by_role("button", name="Respond").click()
    page.wait_for_url(re.compile(r"/exercises/\d+/$"))
    where = page.url.removeprefix(troubled.url)
    for step, note in ((1, "each failed one timed out"), (2, "it says degraded"), (3, "we waited")):
        page.locator(f"#note-{step}").fill(note)
        page.locator(f"#step-{step}").get_by_role("button", name="Done").click()
        expect(page.locator(f"#step-state-{step}")).to_have_text("Done")

    def has_failed() -> bool:
        return "Retries " in (window.go(where).locator("#step-4 .playbook").text_content() or "")

    wait_until(has_failed, 200, "a run that ran out of time at charge")
    page.locator("#step-4").get_by_role("button", name="Retry failed runs").click()
    expect(page.locator("#step-4")).to_contain_text("started again.")
    expect(page.locator("#step-4 .evidence a").first).to_be_visible()
    page.locator("#note-4").fill("they went through")
    page.locator("#step-4").get_by_role("button", name="Done").click()
    page.get_by_label("How it went").fill("The provider was slow for two minutes; what was lost is retried.")
    page.get_by_role("button", name="Complete").click()
    expect(page.locator(".title .badge")).to_have_text("Completed")

    expect(window.go(f"/alerts/{alert['number']}/").locator("main")).to_contain_text("Completed")
    trail = window.go("/audit/?kind=exercise").locator("table.audit")
    for words in ("Created", "Ticked", "Acted"):
        expect(trail).to_contain_text(words)
    _write_up(window, alert)
    window.context.close()
    assert window.complaints == []


def _write_up(window: Window, alert: dict[str, Any]) -> None:
    """The postmortem made from the alert: its timeline and figures are there, people add what no machine saw."""
    page = window.go(f"/alerts/{alert['number']}/")
    page.get_by_role("button", name="Write a postmortem").click()
    page.wait_for_url(re.compile(r"/postmortems/\d+/"))
    where = re.sub(r"^https?://[^/]+", "", page.url).partition("edit/")[0]
    story = window.go(where).locator("#timeline")
    opened = f"of {alert['subject']} opened"
    for words in (
        "Breaker of payments: closed to open",
        opened,
        "maintainer began to go through runbook payments-slow",
        "maintainer retried",
        "maintainer completed runbook payments-slow: The provider was slow",
        re.compile("runs? of order-fulfilment timed out at charge"),
    ):
        expect(story).to_contain_text(words)
    expect(page.locator("#impact")).to_contain_text("order-fulfilment")
    assert int(page.locator(".tile", has_text="Failed runs").locator(".figure").inner_text()) > 0

    line = story.locator("li", has_text=opened).first
    line.get_by_role("button", name="Pin").click()
    expect(page.locator("#timeline li.pinned")).to_contain_text(opened)
    page.get_by_role("link", name="Add an action").click()
    page.get_by_label("What is to be done").fill("Hold back orders while the provider is slow")
    page.get_by_label("Due").fill("2030-01-31")
    page.get_by_label("It can be closed when").select_option("confirmed")
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url(re.compile(r"/postmortems/\d+/(#.*)?$"))
    expect(page.locator("#actions")).to_contain_text("Hold back orders while the provider is slow")
    page = window.go(f"{where}edit/")
    body = page.locator("textarea[name=body]")
    body.fill(body.input_value() + "\n\nWhat was lost was retried from the runbook.\n")
    page.locator("[name=reason]").fill("what we know the same day")
    page.get_by_role("button", name=re.compile("^save", re.I)).first.click()
    expect(page.locator("main article")).to_contain_text("What was lost was retried from the runbook.")
    # Whoever looks at the alert again is led to it, and no second one is begun.
    expect(window.go(f"/alerts/{alert['number']}/").locator(".actions")).to_contain_text("Postmortem")


def _alert(product: Product) -> dict[str, Any]:
    """The one of the step charge, which names this runbook."""
    found: list[dict[str, Any]] = []

    def is_there() -> bool:
        items = product.api("GET", "/alerts?state=unresolved&workflow=order-fulfilment").json()["items"]
        found[:] = [one for one in items if str(one["subject"]).startswith("order-fulfilment.charge")]
        return bool(found)

    wait_until(is_there, 300, "an alert about charge")
    return found[0]
