"""The gate, clicked through by the people whom it is for: propose, request changes, waive, break the glass, deprecate."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.product.conftest import Product, Window, once

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("product"), once]
Open = Callable[..., Window]
SOON = (date.today() + timedelta(days=7)).isoformat()


def propose(author: Window, name: str, number: str, change: Callable[[dict[str, Any]], object]) -> Page:
    """The schema before, changed, checked and proposed; the page of the change."""
    page = author.go(f"/contracts/{name}/propose/")
    schema = json.loads(page.locator("[name=schema]").input_value())
    change(schema)
    page.locator("[name=schema]").fill(json.dumps(schema, indent=2))
    page.locator("[name=version]").fill(number)
    page.locator("[name=reason]").fill("we found out that it is so")
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".title .badge")).to_have_text("Breaking")
    expect(page.locator("main")).to_contain_text("Nothing is written yet")
    expect(page.locator("[name=reason]")).to_have_value("we found out that it is so")
    page.get_by_role("button", name="Propose").click()
    page.wait_for_url(re.compile(r"/changes/\d+/"))
    expect(page.locator("main h1")).to_contain_text(f"to {number}")
    return page


def open_options(page: Page, summary: str) -> Any:
    """The form behind one of the disclosures."""
    page.locator("summary", has_text=summary).click()
    return page.locator("details[open]", has=page.locator("summary", has_text=summary))


def state(product: Product, name: str, number: str) -> str:
    return str(product.api("GET", f"/contracts/{name}/versions/{number}").json()["state"])


def test_a_breaking_version_is_proposed_changed_on_request_and_published(window: Open, product: Product):
    maintainer = window("maintainer")
    author = propose(maintainer, "settlement.reported", "2.0.0", lambda schema: schema["required"].pop())
    number = author.url.rstrip("/").split("/")[-1]
    expect(author.locator("form.decision")).to_have_count(0)  # no author reviews
    expect(author.locator(".witness .hit")).to_be_visible()

    reviewer = window("payments-approver").go(f"/changes/{number}/")
    reviewer.get_by_label("Comment", exact=True).fill("Why is it gone? **Nobody** told us.")
    reviewer.get_by_role("button", name="Comment").click()
    expect(reviewer.locator(".thread")).to_contain_text("Why is it gone? **Nobody** told us.")
    reviewer.get_by_label("Reason, required").fill("say it in the title as well")
    reviewer.get_by_role("button", name="Request changes").click()
    expect(reviewer.locator(".matrix")).to_contain_text("Changes requested")

    propose(
        maintainer,
        "settlement.reported",
        "2.0.0",
        lambda schema: (schema["required"].pop(), schema.update(title="Settled")),
    )
    reviewer.reload()
    expect(reviewer.locator(".matrix")).to_contain_text("Void")
    reviewer.get_by_label("Reason, required").fill("clear now")
    reviewer.get_by_role("button", name="Approve").click()
    expect(reviewer.locator("main")).to_contain_text("Done")
    assert state(product, "settlement.reported", "2.0.0") == "active"


def test_a_team_waives_the_finding_that_hits_it(window: Open, product: Product):
    number = propose(
        window("maintainer"), "order.placed", "2.0.0", lambda schema: schema["properties"]["country"]["enum"].remove("NL")
    ).url.rstrip("/").split("/")[-1]  # fmt: skip
    page = window("checkout-approver").go(f"/changes/{number}/")
    form = open_options(page, "Waive a finding")
    form.get_by_label("Until").fill(SOON)
    form.get_by_label("Reason").fill("nobody orders from there")
    form.get_by_role("button", name="Waive").click()
    expect(page.locator("main")).to_contain_text("Waived by checkout")
    assert state(product, "order.placed", "2.0.0") == "active"
    page.goto(product.url + "/contracts/order.placed/")
    expect(page.locator("#h-waivers")).to_be_visible()


def test_two_people_break_the_glass_and_the_review_is_made_up_for(window: Open, product: Product):
    author = propose(
        window("maintainer"), "order.fulfilled", "3.0.0", lambda schema: schema["required"].pop()
    )  # fmt: skip
    number = author.url.rstrip("/").split("/")[-1]
    form = open_options(author, "Break the glass")
    form.get_by_label("Review made up for until").fill(SOON)
    form.get_by_label("Reason").fill("orders are lost")
    form.get_by_role("button", name="Ask a second person").click()
    expect(author.locator(".callout")).to_contain_text("asks to break the glass")

    second = window("checkout-approver").go(f"/changes/{number}/")
    second.locator("#glass2-reason").fill("I see it in the log")
    second.get_by_role("button", name="Break the glass", exact=True).click()
    expect(second.locator(".callout").first).to_contain_text("The glass was broken")
    assert state(product, "order.fulfilled", "3.0.0") == "active"
    second.get_by_role("link", name=re.compile(r"^Change \d+$")).first.click()
    expect(second.locator("main")).to_contain_text("Already in force")
    expect(second.locator("form.decision")).to_have_count(0)  # who broke it does not review it


def test_a_deprecated_version_shows_its_sunset_and_says_it_to_programs(window: Open, product: Product):
    page = window("maintainer").go("/contracts/order.placed/?to=1.1.0")
    expect(page.locator(".callout")).to_contain_text("1.1.0 is deprecated")
    answer = product.api("GET", "/contracts/order.placed/versions/1.1.0")
    assert answer.headers["deprecation"].startswith("@")
    assert answer.headers["sunset"].endswith("GMT")
    assert 'rel="successor-version"' in answer.headers["link"]

    page.get_by_role("link", name="Move the sunset 1.1.0").click()
    page.get_by_label("Sunset").fill(SOON)
    page.get_by_label("Reason").fill("sooner")
    page.get_by_role("button", name="Deprecate").click()
    expect(page.locator("main")).to_contain_text("days' notice")
    expect(page.get_by_label("Reason")).to_have_value("sooner")


def test_the_audit_log_tells_who_did_it(window: Open):
    page = window("viewer").go("/audit/?kind=change")
    expect(page.locator("table.audit")).to_contain_text("Proposed")
