"""An approval from Home to the run that goes on, as its approver does it in a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.processes.conftest import wait_until
from tests.product.conftest import Product, Window

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("product-pages")]


def test_an_approver_finds_what_waits_decides_it_with_a_comment_and_the_run_goes_on(
    product: Product, window: Callable[..., Window]
):
    def asked() -> list[dict[str, str]]:
        return list(product.api("GET", "/approvals?state=open&team=fraud").json()["items"])

    wait_until(lambda: bool(asked()), 90, "a run that waits for an approval")
    seen = window("payments-approver").go("/approvals/")
    link = seen.get_by_role("link", name="Decide approval").first
    number = str(link.get_attribute("href")).split("/")[2]
    link.click()
    seen.get_by_label("Comment, required").fill("The register of its country has it.")
    seen.get_by_role("button", name="Approve").click()
    seen.get_by_text("Approved by payments-approver").wait_for()

    decided = product.api("GET", f"/approvals/{number}").json()
    assert (decided["state"], decided["decided_by"]) == ("approved", "payments-approver")
    wait_until(
        lambda: product.api("GET", f"/runs/{decided['run']}").json()["status"] == "finished", 60, "the run to go on"
    )
    assert product.api("GET", f"/runs/{decided['run']}").json()["result"] == "succeeded"
