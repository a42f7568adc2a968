"""What people come to do, clicked through in a real Chromium against the running product."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.processes.conftest import wait_until
from tests.product.conftest import Product, Window, once

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("product")]
Open = Callable[..., Window]

MANIFEST = """apiVersion: plumbline/v1
kind: Workflow
metadata:
  name: browser-demo
  version: 1.0.0
  owner: checkout
  description: Applied from the browser.
spec:
  steps:
    first: {value: 1}
    pause: {wait: {for: 2s}, needs: [first]}
    ask:
      http: {method: GET, path: /no-such-thing}
      dependency: inventory
      effect: read
      needs: [pause]
"""


def test_apply_a_manifest_start_a_run_watch_it_fail_live_open_the_step_and_retry(window: Open):
    page = window("maintainer").go("/workflows/apply/")
    page.locator("textarea[name=text]").fill(MANIFEST)
    page.get_by_role("button", name=re.compile("plan|what would change|show", re.I)).first.click()
    expect(page.locator("main")).to_contain_text("browser-demo")
    page.locator("[name=reason]").fill("to try it")
    page.get_by_role("button", name=re.compile("^apply", re.I)).click()
    expect(page.locator("main")).to_contain_text("browser-demo")

    page.goto(page.url.split("/workflows/")[0] + "/workflows/browser-demo/start/")
    page.get_by_role("button", name=re.compile("start", re.I)).first.click()
    page.wait_for_url(re.compile(r"/runs/[0-9a-f-]{36}/"))
    first = page.url
    # Without a reload: the live part brings the end.
    expect(page.locator("main h1")).to_be_visible()
    expect(page.locator(".title .badge")).to_contain_text("Failed", timeout=40_000)
    expect(page.locator("main")).to_contain_text("http.404")

    page.get_by_role("link", name="ask", exact=True).first.click()
    drawer = page.locator(".drawer")
    expect(drawer).to_contain_text("Attempts")
    expect(drawer).to_contain_text("http.404")
    page.keyboard.press("Escape")
    expect(page.locator(".drawer")).to_have_count(0)

    page.get_by_role("button", name=re.compile("retry failed", re.I)).first.click()
    page.wait_for_url(lambda url: "/runs/" in url and url != first)
    expect(page.locator(".title .badge")).to_contain_text("Failed", timeout=40_000)


def test_a_start_form_made_from_the_contract_starts_an_order(window: Open, product: Product):
    page = window("operator").go("/workflows/order-fulfilment/start/")
    page.get_by_role("button", name=re.compile("^start", re.I)).first.click()
    page.wait_for_url(re.compile(r"/runs/[0-9a-f-]{36}/"))
    run_id = page.url.rstrip("/").split("/")[-1]
    # The examples' payments are slow for two minutes in ten: its breaker opens, and an order is parked until then.
    wait_until(lambda: product.api("GET", f"/runs/{run_id}").json()["status"] == "finished", 240, "the order to end")
    expect(page.locator(".title .badge")).to_contain_text(re.compile("Succeeded|Failed|Timed out"), timeout=15_000)


@once
def test_an_input_that_breaks_the_contract_keeps_what_was_typed(window: Open):
    page = window("operator").go("/workflows/order-fulfilment/start/?as=json")
    page.locator("textarea[name=input]").fill('{"id": 7}')
    page.get_by_role("button", name=re.compile("^start", re.I)).first.click()
    expect(page.locator("main")).to_contain_text("/id")
    expect(page.locator("textarea[name=input]")).to_have_value('{"id": 7}')


@once
def test_edit_a_runbook_with_preview_and_see_the_diff(window: Open):
    page = window("maintainer").go("/runbooks/fulfilment-stuck/edit/")
    body = page.locator("textarea[name=body]")
    before = body.input_value()
    body.fill(before + "\n\nAsk the **night shift** first.\n")
    expect(page.locator("[data-editor-preview] strong", has_text="night shift")).to_be_visible(timeout=10_000)
    page.locator("[name=reason]").fill("the night shift knows more")
    page.get_by_role("button", name=re.compile("^save", re.I)).first.click()
    page.wait_for_url(re.compile(r"/runbooks/fulfilment-stuck/$"))
    expect(page.locator("main strong", has_text="night shift")).to_be_visible()
    page.get_by_role("link", name=re.compile("history", re.I)).first.click()
    expect(page.locator("main")).to_contain_text("the night shift knows more")
    expect(page.locator("table.diff .add", has_text="night shift").first).to_be_visible()


@pytest.mark.parametrize("path", ["/decisions/6/", "/runbooks/fulfilment-stuck/"])
def test_two_people_edit_one_document_and_nothing_is_lost(window: Open, path: str):
    first, second = window("maintainer").go(f"{path}edit/"), window("admin").go(f"{path}edit/")
    for page, text in ((first, "First edit."), (second, "Second edit.")):
        body = page.locator("textarea[name=body]")
        body.fill(body.input_value() + f"\n\n{text}\n")
        page.locator("[name=reason]").fill("a test of two at once")
        page.get_by_role("button", name=re.compile("^save", re.I)).first.click()
    expect(first.locator("main")).to_contain_text("First edit.")
    expect(second.locator("main")).to_contain_text(re.compile("meanwhile|merge", re.I))
    assert "Second edit." in second.content()
    assert "First edit." in second.content()
    # The second person writes both into one text and saves: neither edit is lost, and the history names both people.
    merged = second.locator("textarea[name=body]")
    if "First edit." not in merged.input_value():
        merged.fill(merged.input_value() + "\n\nFirst edit.\n")
    second.get_by_role("button", name=re.compile("^save", re.I)).first.click()
    second.wait_for_url(re.compile(f"{path}$"))
    for text in ("First edit.", "Second edit."):
        expect(second.locator("main article")).to_contain_text(text)
    history = window("viewer").go(f"{path}history/").locator("main")
    for who in ("maintainer", "admin"):
        expect(history).to_contain_text(who)


@once
def test_the_run_list_grows_live_and_can_be_paused(window: Open, product: Product):
    page = window("viewer").go("/runs/")
    newest = page.locator("main table tbody tr").first.inner_text()
    wait_until(lambda: page.locator("main table tbody tr").first.inner_text() != newest, 30, "a new row")
    page.get_by_role("button", name=re.compile("pause", re.I)).first.click()
    expect(page.get_by_role("button", name=re.compile("resume", re.I)).first).to_be_visible()


@once
def test_keys_lead_through_the_product(window: Open, product: Product):
    page = window("viewer").page
    for keys, path in (("gr", "/runs/"), ("gw", "/workflows/"), ("gh", "/")):
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_url(product.url + path)
        page.wait_for_load_state("networkidle")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


@once
def test_everything_is_found_by_keyboard(window: Open, product: Product):
    page = window("maintainer").page
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("payments-slow")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/search/\?q=payments-slow$"))
    page.wait_for_load_state("networkidle")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(product.url + "/runbooks/payments-slow/")


@once
def test_the_palette_goes_anywhere_and_does_things_by_keyboard(window: Open, product: Product):
    page = window("operator", color_scheme="light").page
    page.keyboard.press("Control+k")
    field, options = (
        page.get_by_role("combobox", name="Page, object or action"),
        page.locator("#palette-list [role=option]"),
    )
    expect(field).to_be_focused()
    page.keyboard.type("start order-ful")
    expect(options.first).to_contain_text("Start order-fulfilment")
    expect(field).to_have_attribute("aria-activedescendant", "palette-0")
    page.keyboard.press("Enter")
    page.wait_for_url(product.url + "/workflows/order-fulfilment/start/")
    page.keyboard.press("Control+k")
    page.keyboard.type("dark th")
    page.keyboard.press("Enter")  # before the list has answered: what is done is what was typed
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("Control+k")
    expect(options.nth(3)).to_be_visible()
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    page.keyboard.type("sign out")
    expect(options.first).to_contain_text("Sign out")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/sign-in/"))


@once
def test_the_chart_draws_in_both_themes(window: Open):
    for scheme in ("light", "dark"):
        page: Page = window("viewer", color_scheme=scheme).go("/")
        expect(page.locator(".plotly-chart svg.main-svg").first).to_be_visible(timeout=15_000)


@once
def test_payloads_are_masked_for_a_viewer(window: Open, product: Product):
    runs: list[dict[str, Any]] = product.api("GET", "/runs?workflow=order-fulfilment&limit=1").json()["items"]
    path = f"/runs/{runs[0]['id']}/steps/reserve/"
    assert "masked" in window("viewer").go(path).locator(".drawer").inner_text()


def test_two_teams_review_a_breaking_version_and_it_is_published(window: Open, product: Product):
    first = window("checkout-approver").go("/")
    first.get_by_role("link", name="Review change 1").click()
    expect(first.locator("main h1")).to_have_text("payment.receipt 3.1.0 to 4.0.0")
    expect(first.locator(".title .badge")).to_have_text("Breaking")
    expect(first.locator(".witness .hit")).to_be_visible()
    expect(first.locator(".witness")).to_contain_text("3.1.0 refuses it")
    first.get_by_role("button", name="Approve").click()  # without a reason: the browser asks for it
    assert "/changes/1/" in first.url
    first.get_by_label("Reason, required").fill("order-fulfilment takes a missing risk for 0")
    first.get_by_role("button", name="Approve").click()
    expect(first.locator("main")).to_contain_text("order-fulfilment takes a missing risk for 0")
    expect(first.locator("form.decision")).to_have_count(0)

    second = window("payments-approver").go("/changes/1/")
    second.get_by_label("Reason, required").fill("the provider told us")
    second.get_by_role("button", name="Approve").click()
    expect(second.locator("main")).to_contain_text("Done")
    version = product.api("GET", "/contracts/payment.receipt/versions/4.0.0").json()
    assert version["state"] == "active"
