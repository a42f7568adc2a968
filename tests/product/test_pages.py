"""Every page, as a browser sees it: accessible in both themes, quiet console, nothing sideways at 360 px."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.processes.conftest import wait_until
from tests.processes.load import LONG
from tests.product.conftest import Product, Window, once

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("product-pages")]
Open = Callable[..., Window]
COLOURS = {"runOnly": ["color-contrast"]}
COLOURLESS = {"rules": {"color-contrast": {"enabled": False}}}
BOTH: tuple[tuple[str, dict[str, object]], ...] = (("light", {}), ("dark", COLOURS)) if LONG else (("light", {}),)
CHARTS_ARE_DRAWN = (
    "[...document.querySelectorAll('.plotly-chart')].every((box) => box.matches(':has(.main-svg), .unavailable'))"
)


@pytest.fixture(scope="module")
def paths(product: Product) -> list[str]:
    """One URL of every page; a run that failed and one that waits or runs."""

    def failed() -> list[dict[str, str]]:
        return list(
            product.api("GET", "/runs?workflow=order-fulfilment&result=failed&compensation=done&limit=1").json()[
                "items"
            ]
        )

    wait_until(lambda: bool(failed()), 90, "a run that failed and was compensated")
    bad = failed()[0]
    good = product.api("GET", "/runs?result=succeeded&limit=1").json()["items"][0]
    first = product.api("GET", "/history/dependency/payments?limit=1").json()["items"][0]["id"]
    return [
        "/history/dependency/payments/", "/history/objective/order-fulfilment.success/", "/history/workflow-version/1/",
        "/history/team/checkout/", f"/history/dependency/payments/restore/?revision={first}",
        f"/history/dependency/payments/?revision={first}",
        "/", "/search/", "/search/?q=payment", "/search/?q=saga&kind=decision", "/search/?q=nothing-like-this", "/inbox/", "/account/notifications/",
        "/views/new/?page=runs&query=result%3Dfailed", "/runs/", "/runs/?result=failed&workflow=order-fulfilment", "/runs/?key=nothing-has-this-key",
        f"/runs/{bad['id']}/", f"/runs/{bad['id']}/steps/{bad['failed_step']}/", f"/runs/{good['id']}/",
        "/workflows/", "/workflows/apply/", "/workflows/order-fulfilment/", "/workflows/order-fulfilment/start/",
        "/workflows/order-fulfilment/start/?as=json", "/workflows/order-fulfilment/dependencies/",
        "/workflows/order-fulfilment/budgets/", "/objectives/", "/objectives/order-fulfilment.success/", "/objectives/new/", "/approvals/", "/approvals/?state=open", "/events/", "/events/?type=nothing.like.this",
        "/objectives/order-fulfilment.success/edit/", "/queue/", "/alerts/", "/alerts/?state=resolved",
        "/workflows/order-fulfilment/decisions/", "/workflows/order-fulfilment/runbooks/",
        "/workflows/order-fulfilment/versions/", "/workflows/order-fulfilment/history/",
        f"/workflows/order-fulfilment/versions/{bad['version']}/manifest/", "/workflows/nightly-settlement/",
        "/contracts/", "/contracts/payment.receipt/", "/contracts/order.placed/?to=1.1.0", "/contracts/new/",
        "/contracts/settled-payments/", "/contracts/order-placed-value/", "/contracts/payments-api/",
        "/contracts/order.placed/propose/", "/contracts/order.placed/1.2.0/deprecate/", "/changes/", "/changes/1/",
        "/changes/2/", "/changes/policies/", "/audit/", "/workflows/order-fulfilment/2.5.0/retire/", "/account/delegations/new/",
        "/dependencies/", "/dependencies/payments/", "/dependencies/payments/breaker/", "/dependencies/map/", "/dependencies/map/?period=24h", "/explore/",
        "/schedules/", "/schedules/late-payouts/", "/schedules/late-payouts/backfill/", "/triggers/onboard-who-registers/",
        "/flags/", "/flags/related-items/",
        "/explore/?what=call&measure=p95&by=step&period=1h&compare=previous", "/explore/?what=tea",
        "/workflows/order-fulfilment/performance/", "/workflows/order-fulfilment/?period=1h", "/decisions/", "/decisions/1/", "/decisions/7/", "/decisions/timeline/", "/decisions/1/edit/",
        "/decisions/1/history/", "/decisions/1/relations/", "/decisions/new/", "/decisions/import/", "/runbooks/", "/runbooks/fulfilment-stuck/",
        "/runbooks/fulfilment-stuck/edit/", "/runbooks/fulfilment-stuck/history/", "/runbooks/new/", "/exercises/", "/account/",
        "/postmortems/", "/postmortems/1/", "/postmortems/1/edit/", "/postmortems/1/history/", "/postmortems/new/",
        "/postmortems/1/lines/new/", "/postmortems/1/actions/new/", "/workflows/order-fulfilment/postmortems/",
        "/patterns/", "/patterns/saga/", "/patterns/saga/edit/", "/patterns/new/", "/scorecards/",
        "/workflows/order-fulfilment/scorecard/", "/workflows/order-fulfilment/onboarding/", "/ownership/",
        "/ownership/checkout/", "/upkeep/", "/upkeep/new/", "/audit/?bulk=1",
        "/account/password/", "/account/tokens/new/", "/admin/users/", "/admin/new-user/", "/admin/teams/",
        "/admin/teams/checkout/", "/admin/new-team/", "/nothing-here/",
    ]  # fmt: skip


@once
def test_every_page_passes_axe_in_both_themes(window: Open, paths: list[str]):
    seen, axe = window("admin", color_scheme="light"), Axe()
    faults = []
    for number, path in enumerate(paths):
        page = seen.go(path)
        page.wait_for_function(CHARTS_ARE_DRAWN)
        # What passes need not be told node by node: that takes time. The themes differ in nothing but colours, which take most of
        # it; so the short form looks at those of every other page in the dark alone.
        for scheme, options in (("light", COLOURLESS), ("dark", COLOURS)) if number % 2 and not LONG else BOTH:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # or colours are caught half way
            found = axe.run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
            faults += [
                f"{path}, {scheme}: {violation['id']} at {[node['target'] for node in violation['nodes'][:3]]}"
                for violation in found
            ]
    assert not faults, "\n" + "\n".join(faults)


@once
def test_on_a_phone_no_page_scrolls_sideways_and_the_keyboard_reaches_what_scrolls_in_it(
    window: Open, paths: list[str]
):
    seen, axe = window("admin", viewport={"width": 360, "height": 740}), Axe()
    faults = []
    for path in paths:
        page = seen.go(path)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 360:
            faults.append(f"{path}: {width} px")
        found = axe.run(page, options={"runOnly": ["scrollable-region-focusable"]}).response["violations"]
        faults += [f"{path}: {[node['target'] for node in violation['nodes']]}" for violation in found]
    assert not faults, "\n" + "\n".join(faults)


@once
def test_the_sign_off_of_a_review_passes_axe_and_fits_a_phone(window: Open):
    seen = window("payments-approver", viewport={"width": 360, "height": 740})
    page = seen.go("/dependencies/payments/review/?area=security")
    assert page.locator("textarea").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    found = Axe().run(page).response["violations"]
    assert [violation["id"] for violation in found] == []


def test_the_sign_in_page_passes_axe_and_offers_the_examples(browser, product: Product):
    page = browser.new_page()
    page.goto(product.url + "/sign-in/")
    assert not Axe().run(page).response["violations"]
    assert "operator" in page.content()
    page.close()


def test_the_api_docs_work_without_the_network(window: Open):
    page = window("admin").go("/api/v1/docs/")
    page.wait_for_selector(".opblock", timeout=20_000)
