"""What comes of a catalog and of CODEOWNERS: teams made, dependencies handed over, the rest told."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from orchestration.models import Dependency, Team
from orchestration.services.manifests import Document, Signature, apply
from tests.governance.gatehouse import V1, contract, manifest, sent, workflow
from tests.ownership.test_reading import CATALOG
from tests.people import person, token_for

pytestmark = pytest.mark.django_db
WITH_DEPENDENCY = CATALOG.replace("{name: ledger}", "{name: ledger}").replace(
    '"user:default/somebody"', "shop-checkout"
)


@pytest.fixture
def world(db: None) -> None:
    for name in ("checkout", "payments"):
        Team.objects.create(name=name)
    sent(contract("1.0.0", V1))
    sent(workflow("checkout"))
    ledger = manifest("Dependency", {"name": "ledger", "owner": "payments"}, {"base_url": "http://ledger.example"})
    apply([Document(ledger, "m.yaml")], Signature(None, "r", {"path": "manifests/ledger.yaml"}))


def taken(client: Client, role: str, text: str, **more: Any) -> list[tuple[str, str]]:
    token = token_for(person(role, Team.objects.get(name="checkout")))
    body = {"documents": [{"text": text, "source": "file"}], "reason": "as the catalog has it", **more}
    answer = client.post(
        "/api/v1/ownership", body, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 200, answer.content
    return [(line["action"], f"{line['what']}: {line['text']}") for line in answer.json()["lines"]]


def test_an_admin_makes_teams_and_hands_dependencies_over(client: Client, world: None):
    lines = taken(client, "admin", WITH_DEPENDENCY)
    assert ("create", "Team shop-checkout: is new") in lines
    assert ("change", "Dependency ledger: goes from payments to shop-checkout") in lines
    assert (
        "differs",
        "Workflow ship: is checkout's here and shop-checkout's there; publish a version whose manifest names shop-checkout",
    ) in lines
    assert Team.objects.get(name="shop-checkout").description == "From the basket on."
    ledger = Dependency.objects.select_related("owner").get(name="ledger")
    assert (ledger.owner.name, ledger.document["spec"]) == ("shop-checkout", {"base_url": "http://ledger.example"})
    again = [action for action, _ in taken(client, "admin", WITH_DEPENDENCY)]
    assert "change" not in again
    assert "create" not in again


def test_a_team_may_be_called_otherwise_here(client: Client, world: None):
    lines = taken(client, "admin", CATALOG, names={"shop-checkout": "checkout"})
    assert ("same", "Team checkout: is here already") in lines
    assert ("same", "Workflow ship: is checkout's") in lines
    assert not Team.objects.filter(name="shop-checkout").exists()


def test_a_dry_run_changes_nothing(client: Client, world: None):
    lines = taken(client, "admin", WITH_DEPENDENCY, dry_run=True)
    assert {"create", "change", "differs"} <= {action for action, _ in lines}
    assert Dependency.objects.get(name="ledger").owner.name == "payments"
    assert Team.objects.count() == 2


def test_who_may_not_is_told_so_for_each_thing(client: Client, world: None):
    lines = taken(client, "maintainer", WITH_DEPENDENCY)
    refused = [text for action, text in lines if action == "refused"]
    assert len(refused) == 2
    assert "may not" in refused[0]
    assert Team.objects.count() == 2


def test_code_owners_own_by_the_path_of_the_manifest(client: Client, world: None):
    lines = taken(client, "admin", "* @shop/payments\n/manifests/ledger.yaml @shop/checkout\n")
    assert ("change", "Dependency ledger: goes from payments to checkout") in lines
    assert Dependency.objects.get(name="ledger").owner.name == "checkout"


def test_a_file_that_cannot_be_read_keeps_no_other_from_it(client: Client, world: None):
    token = token_for(person("admin"))
    documents = [
        {"text": "apiVersion: backstage.io/v1\n: [", "source": "bad.yaml"},
        {"text": CATALOG, "source": "good.yaml"},
    ]
    answer = client.post(
        "/api/v1/ownership",
        {"documents": documents, "reason": "r"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    lines = answer.json()["lines"]
    assert (lines[0]["action"], lines[0]["what"]) == ("refused", "bad.yaml")
    assert Team.objects.filter(name="shop-checkout").exists()


@pytest.mark.django_db(transaction=True)
def test_the_command_tells_each_line(live_server: Any, tmp_path: Any):
    from click.testing import CliRunner

    from portal.cli.program import program

    Team.objects.get_or_create(name="checkout")
    (tmp_path / "CODEOWNERS").write_text("* @shop/new-team\n")
    env = {"PLUMBLINE_URL": live_server.url, "PLUMBLINE_TOKEN": token_for(person("admin"))}
    done = CliRunner().invoke(program, ["import", "ownership", str(tmp_path / "CODEOWNERS"), "--reason", "r"], env=env)
    assert (done.exit_code, done.output) == (0, "+ Team new-team: is new\n")
    assert (
        CliRunner()
        .invoke(program, ["import", "ownership", str(tmp_path / "CODEOWNERS"), "--as", "x", "--reason", "r"], env=env)
        .exit_code
        == 2
    )
