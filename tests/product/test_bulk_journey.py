"""Somebody gives several patterns another status: by keyboard, on a phone without script, and the log has them together."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.product.conftest import Window, once

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("product")]
Open = Callable[..., Window]


@once
def test_chosen_by_keyboard_they_are_changed_and_found_together(window: Open):
    seen = window("admin")
    page = seen.go("/patterns/")
    assert not page.locator(".choosing-bar").is_visible(), "nothing is chosen yet"
    page.locator(".choose").nth(0).focus()
    page.keyboard.press("Space")
    page.locator(".choose").nth(1).focus()
    page.keyboard.press("Space")
    assert page.locator("[data-choosing-count]").inner_text() == "2 chosen"
    page.select_option("#bulk-do", "status:draft")
    page.locator(".choosing-what button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=2 will change.")
    assert Axe().run(page).response["violations"] == []
    page.fill("textarea[name=reason]", "They are looked through.")
    page.get_by_role("button", name="Change 2 patterns").click()
    page.wait_for_selector("text=2 changed.")
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("link", name="In the audit log").click()
    page.wait_for_selector("table.audit tbody tr")
    assert page.locator("table.audit tbody tr").count() == 2


@once
def test_all_of_a_page_are_chosen_and_taken_off_by_one_box(window: Open):
    page = window("admin").go("/decisions/")
    every = page.locator(".choose").count()
    page.check("[data-choose-all]")
    assert page.locator("[data-choosing-count]").inner_text() == f"{every} chosen"
    page.locator(".choose").nth(0).uncheck()
    assert page.locator("[data-choose-all]").evaluate("box => [box.checked, box.indeterminate]") == [False, True]
    page.check("[data-choose-all]")
    page.uncheck("[data-choose-all]")
    assert not page.locator(".choosing-bar").is_visible()


@once
def test_without_script_and_on_a_phone_it_works_too(window: Open):
    seen = window("admin", java_script_enabled=False, viewport={"width": 360, "height": 780})
    page = seen.go("/runbooks/")
    every = page.locator(".choose").count()
    page.check("[data-choose-all]")
    page.select_option("#bulk-do", "review_by")
    page.fill("#bulk-day", "2099-03-01")
    page.click(".choosing-what button")
    assert page.locator("h1").inner_text() == f"Set the review date of {every} runbooks to 1 Mar 2099"
