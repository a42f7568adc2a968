"""Several people restore the same object at one moment: one of them does, the others are told, and nothing is half written."""

from __future__ import annotations

import json

import pytest

from governance.models import AuditEntry
from orchestration.errors import Conflict
from orchestration.models import Dependency, Team
from orchestration.services.manifests import Document, Signature, apply
from portal.history.reading import find
from portal.history.restoring import restore
from portal.models import User
from portal.permissions import Actor
from tests.governance.test_document_races import THREADS, together

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_many_restores_at_once_one_is_written_and_the_others_are_told():
    Team.objects.create(name="checkout")
    boss = User.objects.create(username="boss", is_superuser=True)
    for seconds in range(1, THREADS + 2):
        manifest = {
            "apiVersion": "plumbline/v1", "kind": "Dependency", "metadata": {"name": "payments", "owner": "checkout"},
            "spec": {"timeout": {"start_to_close": f"{seconds}s"}},
        }  # fmt: skip
        apply([Document(json.dumps(manifest), "m.yaml")], Signature(None, "as it came"))
    kept = list(Dependency.history.order_by("history_id").values_list("history_id", flat=True))
    told = AuditEntry.objects.count()

    def one(index: int) -> str:
        actor = Actor(User.objects.get(pk=boss.pk))
        subject = find(actor, "dependency", "payments")
        restore(subject=subject, revision=kept[index], seen=kept[-1], actor=actor, reason=f"number {index}")
        return f"{index + 1}s"

    came = together(one)
    written = [one for one in came if isinstance(one, str)]
    assert (len(written), sum(isinstance(one, Conflict) for one in came)) == (1, THREADS - 1), came
    assert Dependency.objects.get().spec["timeout"] == {"start_to_close": written[0]}
    assert Dependency.history.count() == len(kept) + 1
    assert AuditEntry.objects.count() == told + 1
