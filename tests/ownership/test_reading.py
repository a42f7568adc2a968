"""Backstage catalogs and CODEOWNERS files, as they are written."""

from __future__ import annotations

import pytest

from governance.ownership.backstage import backstage
from governance.ownership.codeowners import codeowners
from orchestration.errors import InvalidManifest

CATALOG = """
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: Shop_Checkout, description: From the basket on.}
spec: {type: team, profile: {displayName: Checkout}, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: ship, annotations: {github.com/project-slug: shop/ship}}
spec: {type: service, lifecycle: production, owner: group:default/shop-checkout}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: order.placed}
spec: {type: asyncapi, owner: payments, definition: "..."}
---
apiVersion: backstage.io/v1beta1
kind: Resource
metadata: {name: ledger}
spec: {type: database, owner: "user:default/somebody"}
---
apiVersion: backstage.io/v1alpha1
kind: Location
spec: {targets: [./other.yaml]}
metadata: {name: all}
---
kind: Deployment
"""


def test_groups_are_teams_and_owners_claims():
    told = backstage(CATALOG, "catalog-info.yaml")
    assert [(one.name, one.description) for one in told.teams] == [("shop-checkout", "From the basket on.")]
    assert [(one.team, one.name) for one in told.claims] == [("shop-checkout", "ship"), ("payments", "order.placed")]
    assert told.claims[0].place == "catalog-info.yaml:7"
    assert [note.partition(": ")[2][:30] for note in told.notes] == [
        "Resource ledger is owned by th", "a Location is not followed; im", "is no entity of a catalog: api",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["a: [", "apiVersion: backstage.io/v1\nkind: \x00"])
def test_a_catalog_that_is_no_yaml_is_refused_with_its_place(text: str):
    with pytest.raises(InvalidManifest) as refused:
        backstage(text, "c.yaml")
    assert str(refused.value).startswith("c.yaml:")


@pytest.mark.parametrize(
    "text", ["3", "[]", "apiVersion: backstage.io/v1\nkind: Component\nmetadata: {name: a}\nspec: []", "---\n---\n"]
)
def test_what_says_nothing_is_a_note_at_most(text: str):
    told = backstage(text, "c.yaml")
    assert not told.teams
    assert not told.claims


OWNERS = """
# who owns what
*                       @shop/platform
/manifests/             @shop/checkout @somebody
/manifests/pay*.yaml    @shop/Payments-Team someone@example.com
docs/                   @shop/docs   # words
/manifests/free.yaml
**/ledger.yaml          @shop/finance

[Sections][2] @shop/gitlab
/apps/
/apps/own.yaml          @shop/own
"""


@pytest.mark.parametrize(
    ("path", "teams"),
    [
        ("README.md", ("platform",)), ("manifests/order.yaml", ("checkout",)), ("manifests/deep/order.yaml", ("checkout",)),
        ("manifests/pay-out.yaml", ("payments-team",)), ("a/docs/x.md", ("docs",)), ("manifests/free.yaml", ()),
        ("x/y/ledger.yaml", ("finance",)), ("apps/a.yaml", ("gitlab",)), ("/apps/own.yaml", ("own",)),
    ],
)  # fmt: skip
def test_the_last_line_that_matches_decides(path: str, teams: tuple[str, ...]):
    rule = codeowners(OWNERS, "CODEOWNERS").rule_for(path)
    assert rule is not None
    assert rule.teams == teams


def test_people_are_named_in_notes_and_teams_told_once():
    told = codeowners(OWNERS + "/again/ @shop/platform\n", "CODEOWNERS").told
    assert [one.name for one in told.teams] == [
        "platform",
        "checkout",
        "payments-team",
        "docs",
        "finance",
        "gitlab",
        "own",
    ]
    assert told.notes == (
        "CODEOWNERS:4: @somebody: only a team owns things here", "CODEOWNERS:5: someone@example.com: only a team owns things here",
    )  # fmt: skip


def test_a_hostile_file_ends_in_time():
    found = codeowners(
        "\n".join(["**/" * 500 + "*a*b*c*d*e* @o/t", "[" * 5000, "\\" * 999, "!x @o/t", "\t", "@o/t"]), "CODEOWNERS"
    )
    assert found.rule_for("a" * 2000) is None or found.rules
