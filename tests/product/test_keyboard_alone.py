"""A person without a mouse: every place is reached by Tab, its focus is seen, and the work gets done."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.product.conftest import Window, once

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("product"), once]
Open = Callable[..., Window]
#: More stops than any of these pages has: a trap for the focus ends here.
MOST = 120

#: What has the focus, if it is not to be seen: outside the page, without size, or without an outline, ring or border of its own.
UNSEEN = """() => {
  const one = document.activeElement;
  if (one === document.body) return "";
  const box = one.getBoundingClientRect(), style = getComputedStyle(one);
  const ring = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  return box.width > 0 && box.height > 0 && ring ? "" : one.outerHTML.slice(0, 160);
}"""


def tab_to(page: Page, target: Locator) -> None:
    """Tab until the target has the focus; every stop on the way must be seen."""
    for _ in range(MOST):
        page.keyboard.press("Tab")
        unseen = page.evaluate(UNSEEN)
        assert not unseen, f"focus that nobody sees, on {page.url}: {unseen}"
        if target.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"Tab never came to {target} on {page.url}")


def test_a_runbook_is_found_and_gone_through_without_a_mouse(window: Open):
    page = window("maintainer", color_scheme="light").page
    for key in "gb":
        page.keyboard.press(key)
    page.wait_for_url(re.compile(r"/runbooks/$"))
    page.wait_for_load_state("networkidle")
    tab_to(page, page.get_by_role("link", name="The ledger refuses entries"))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/runbooks/ledger-refuses/$"))
    tab_to(page, page.get_by_role("button", name="Start exercise"))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/exercises/\d+/$"))
    page.wait_for_load_state("networkidle")
    tab_to(page, page.locator("#note-1"))
    page.keyboard.type("seen by keyboard")
    tab_to(page, page.locator("#step-1").get_by_role("button", name="Done"))
    page.keyboard.press("Enter")
    expect(page.locator("#step-state-1")).to_have_text("Done")
    expect(page.locator("#step-1")).to_contain_text("seen by keyboard")


def test_a_decision_is_edited_with_preview_and_saved_without_a_mouse(window: Open):
    page = window("maintainer", color_scheme="dark").go("/decisions/6/")
    tab_to(page, page.get_by_role("link", name="Edit"))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/decisions/6/edit/$"))
    body = page.locator("textarea[name=body]")
    tab_to(page, body)
    page.keyboard.press("Control+End")
    page.keyboard.type("\n\nWritten **without** a mouse.\n")
    expect(page.locator("[data-editor-preview] strong", has_text="without")).to_be_visible(timeout=10_000)
    tab_to(page, page.locator("[name=reason]"))
    page.keyboard.type("a hand is in a cast")
    tab_to(page, page.get_by_role("button", name=re.compile("^save", re.I)).first)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/decisions/6/$"))
    expect(page.locator("main article strong", has_text="without")).to_be_visible()


@pytest.mark.parametrize(
    "path",
    [
        "/postmortems/1/",
        "/patterns/",
        "/inbox/",
        "/scorecards/",
        "/upkeep/",
        "/decisions/timeline/",
        "/search/?q=payments",
    ],
)
def test_tab_goes_through_a_whole_page_and_out_again(window: Open, path: str):
    page = window("maintainer", color_scheme="light").go(path)
    page.wait_for_load_state("networkidle")
    stops = page.evaluate(
        "[...document.querySelectorAll('main :is(a[href], button, input, select, textarea, summary, [tabindex=\"0\"])')]"
        ".filter((one) => one.checkVisibility() && !one.disabled && one.type !== 'hidden').length"
    )
    assert stops, path
    reached: set[str] = set()
    for _ in range(stops + MOST):
        page.keyboard.press("Tab")
        unseen = page.evaluate(UNSEEN)
        assert not unseen, f"focus that nobody sees, on {path}: {unseen}"
        at = page.evaluate(
            "(() => { const one = document.activeElement; const all = [...document.querySelectorAll('main *')];"
            " return one.closest('main') && one.tagName !== 'MAIN' ? String(all.indexOf(one)) : ''; })()"
        )
        if not at and len(reached) >= stops:
            break
        reached.update({at} - {""})
    assert len(reached) >= stops, f"{path}: Tab came to {len(reached)} of {stops} places"
