"""Numbers and ids of versions that were there before the registry was, and of two that come at once."""

from __future__ import annotations

import importlib
import json
import threading
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from governance.models import ContractVersion, RegisteredSchema, Subject, SubjectVersion
from orchestration.models import Team
from tests.governance.gatehouse import V1, contract, sent
from tests.people import person, token_for
from tests.registry.conftest import RECORD, WIDER

MORE = V1 | {"properties": V1["properties"] | {"note": {"type": "string"}}}


def rows() -> list[tuple[str, int, str, int, str]]:
    found = SubjectVersion.objects.select_related("subject", "schema", "version__contract").order_by("pk")
    return [(one.subject.name, one.number, str(one.version), one.schema_id, one.schema.fingerprint) for one in found]


@pytest.mark.django_db
def test_the_migration_numbers_what_was_there_as_it_would_have_been(checkout: Team):
    sent(contract("1.0.0", V1))
    sent(contract("1.1.0", MORE))
    sent(contract("1.0.0", V1).replace("order.placed", "order.paid"))
    before = rows()
    assert len(before) == 3
    SubjectVersion.objects.all().delete()
    Subject.objects.all().delete()
    RegisteredSchema.objects.all().delete()
    importlib.import_module("governance.migrations.0018_registry").number_what_is_there(
        apps, connection.schema_editor()
    )
    assert rows() == before


@pytest.mark.django_db(transaction=True)
def test_what_two_clients_register_at_once_has_one_number(live_server: Any):
    import httpx

    team, _ = Team.objects.get_or_create(name="checkout")
    headers = {"Authorization": f"Bearer {token_for(person('maintainer', team))}"}
    answers: list[Any] = []
    ready = threading.Barrier(4)

    def register(schema: dict[str, Any]) -> None:
        ready.wait(10)
        url = f"{live_server.url}/registry/subjects/orders/versions"
        answers.append(httpx.post(url, json={"schema": json.dumps(schema)}, headers=headers, timeout=60))

    threads = [threading.Thread(target=register, args=(schema,)) for schema in (RECORD, RECORD, WIDER, WIDER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert [answer.status_code for answer in answers] == [200] * 4, [answer.text for answer in answers]
    assert len({answer.json()["id"] for answer in answers}) == 2
    assert list(SubjectVersion.objects.values_list("number", flat=True)) == [1, 2]
    assert ContractVersion.objects.count() == 2
