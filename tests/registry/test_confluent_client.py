"""An unmodified confluent-kafka client against the portal: its registry methods, and serializers there and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka.schema_registry import (
    ConfigCompatibilityLevel,
    Rule,
    RuleKind,
    RuleMode,
    RuleSet,
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    ServerConfig,
    dual_schema_id_deserializer,
    header_schema_id_serializer,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.rule_registry import RuleRegistry
from confluent_kafka.schema_registry.serde import RuleContext, RuleExecutor
from confluent_kafka.serialization import MessageField, SerializationContext

from governance.models import ContractVersion
from orchestration.models import Team
from tests.people import person, token_for
from tests.registry.conftest import BROKEN, RECORD, WIDER

pytestmark = pytest.mark.django_db(transaction=True)
ORDER = {
    "$schema": "http://json-schema.org/draft-07/schema#", "title": "Order", "type": "object",
    "properties": {"id": {"type": "string"}, "qty": {"type": "integer", "minimum": 1}}, "required": ["id"],
    "additionalProperties": False,
}  # fmt: skip
VALUE = SerializationContext("orders", MessageField.VALUE)


@pytest.fixture
def address(live_server: Any) -> dict[str, Any]:
    team, _ = Team.objects.get_or_create(name="checkout")
    secret = token_for(person("admin"))
    return {"url": f"{live_server.url}/registry", "basic.auth.user.info": f"{team.name}:{secret}", "max.retries": 0}


@pytest.fixture
def registry(address: dict[str, Any]) -> Iterator[SchemaRegistryClient]:
    with SchemaRegistryClient(address) as client:
        yield client


def avro(schema: Any, *references: SchemaReference) -> Schema:
    return Schema(json.dumps(schema), "AVRO", list(references))


def code(error: pytest.ExceptionInfo[SchemaRegistryError]) -> tuple[int, int]:
    return error.value.http_status_code, error.value.error_code


def test_a_schema_is_registered_looked_up_and_read(registry: SchemaRegistryClient):
    number = registry.register_schema("orders-value", avro(RECORD))
    full = registry.register_schema_full_response("orders-value", avro(RECORD))
    assert full.schema_id == number
    assert json.loads(registry.get_schema(number).schema_str) == RECORD
    found = registry.lookup_schema("orders-value", avro(RECORD))
    assert (found.subject, found.version, found.schema_id) == ("orders-value", 1, number)
    assert registry.get_latest_version("orders-value").version == 1
    assert registry.get_version("orders-value", 1).schema_id == number
    assert registry.get_versions("orders-value") == [1]
    assert registry.get_subjects() == ["orders-value"]
    assert registry.get_subjects_by_schema_id(number) == ["orders-value"]
    assert [(one.subject, one.version) for one in registry.get_schema_versions(number)] == [("orders-value", 1)]
    assert sorted(registry.get_schema_types()) == ["AVRO", "JSON"]
    assert registry.get_contexts() == ["."]
    assert full.guid is not None
    assert json.loads(registry.get_schema_by_guid(full.guid).schema_str) == RECORD
    assert registry.lookup_schema("orders-value", avro(RECORD)).guid == full.guid


def test_compatibility_levels_and_modes(registry: SchemaRegistryClient):
    assert registry.get_compatibility() == "BACKWARD"
    registry.register_schema("orders", avro(RECORD))
    assert registry.test_compatibility("orders", avro(WIDER))
    assert not registry.test_compatibility("orders", avro(BROKEN))
    assert not registry.test_compatibility_all_versions("orders", avro(BROKEN))
    with pytest.raises(SchemaRegistryError) as refused:
        registry.register_schema("orders", avro(BROKEN))
    assert code(refused) == (409, 409)
    assert registry.set_compatibility("orders", "NONE") == {"compatibility": "NONE"}
    assert registry.get_compatibility("orders") == "NONE"
    registry.register_schema("orders", avro(BROKEN))
    registry.set_config("orders", ServerConfig(compatibility=ConfigCompatibilityLevel.FULL))
    assert registry.get_config("orders").compatibility_level == "FULL"
    registry.delete_config("orders")
    with pytest.raises(SchemaRegistryError) as missing:
        registry.get_config("orders")
    assert code(missing) == (404, 40408)
    assert registry.get_global_mode() == "READWRITE"
    assert registry.update_mode("orders", "READONLY") == "READONLY"
    assert registry.get_mode("orders") == "READONLY"
    with pytest.raises(SchemaRegistryError) as readonly:
        registry.register_schema("orders", avro({**BROKEN, "doc": "new"}))
    assert code(readonly) == (422, 42205)
    assert registry.delete_mode("orders") == "READONLY"
    assert registry.update_global_mode("READWRITE") == "READWRITE"


def test_references_metadata_and_deletion(registry: SchemaRegistryClient):
    from confluent_kafka.schema_registry import Metadata, MetadataProperties

    registry.register_schema("line", avro({**RECORD, "name": "Line"}))
    whole = {
        "type": "record",
        "name": "Cart",
        "fields": [{"name": "lines", "type": {"type": "array", "items": "Line"}}],
    }
    number = registry.register_schema("cart", avro(whole, SchemaReference("Line", "line", 1)))
    assert registry.get_referenced_by("line", 1) == [number]
    with pytest.raises(SchemaRegistryError) as used:
        registry.delete_subject("line")
    assert code(used) == (422, 42206)
    labelled = Schema(
        json.dumps(RECORD),
        "AVRO",
        [],
        Metadata(tags=None, properties=MetadataProperties({"major": "1"}), sensitive=None),
    )
    registry.register_schema("orders", labelled)
    newer = Metadata(tags=None, properties=MetadataProperties({"major": "2"}), sensitive=None)
    registry.register_schema("orders", Schema(json.dumps(WIDER), "AVRO", [], newer))
    assert registry.get_latest_with_metadata("orders", {"major": "1"}).version == 1
    assert registry.delete_version("orders", 1) == 1
    assert registry.delete_subject("orders") == [2]
    assert registry.delete_subject("cart") == registry.delete_subject("cart", permanent=True) == [1]
    assert registry.get_subjects() == ["line"]
    with pytest.raises(SchemaRegistryError) as gone:
        registry.get_latest_version("orders")
    assert code(gone) == (404, 40401)


def test_avro_goes_there_and_back(registry: SchemaRegistryClient, address: dict[str, Any]):
    write = AvroSerializer(registry, json.dumps(RECORD))
    message = write({"id": "a-1"}, VALUE)
    assert int.from_bytes(message[1:5], "big") == registry.get_latest_version("orders-value").schema_id
    with SchemaRegistryClient(address) as other:
        assert AvroDeserializer(other, json.dumps(WIDER))(message, VALUE) == {"id": "a-1", "note": None}
    assert ContractVersion.objects.get().contract.name == "orders-value"


class Backwards(RuleExecutor):
    """A client's own kind of rule, such as one that encrypts."""

    def type(self) -> str:
        return "BACKWARDS"

    def transform(self, ctx: RuleContext, message: Any) -> Any:
        return {**message, "id": message["id"][::-1]}


def test_rules_that_are_registered_with_a_schema_are_run_by_clients(
    registry: SchemaRegistryClient, address: dict[str, Any]
):
    rule = Rule("turn", None, RuleKind.TRANSFORM, RuleMode.WRITEREAD, "BACKWARDS", None, None, None, None, None, False)
    sent = Schema(json.dumps(RECORD), "AVRO", [], None, RuleSet(None, [rule]))
    registry.register_schema("orders-value", sent)
    kept = registry.get_latest_version("orders-value").schema.rule_set
    assert [(one.name, one.mode, one.type) for one in kept.domain_rules] == [("turn", RuleMode.WRITEREAD, "BACKWARDS")]
    rules = RuleRegistry()
    rules.register_executor(Backwards())
    latest = {"auto.register.schemas": False, "use.latest.version": True}
    message = AvroSerializer(registry, conf=latest, rule_registry=rules)({"id": "abc"}, VALUE)
    assert message.endswith(b"cba")
    with SchemaRegistryClient(address) as other:
        assert AvroDeserializer(other, rule_registry=rules)(message, VALUE) == {"id": "abc"}


def test_a_message_may_carry_the_guid_of_its_schema_in_a_header(
    registry: SchemaRegistryClient, address: dict[str, Any]
):
    headers: dict[str, Any] = {}
    told = SerializationContext("orders", MessageField.VALUE, headers)
    write = AvroSerializer(registry, json.dumps(RECORD), conf={"schema.id.serializer": header_schema_id_serializer})
    message = write({"id": "order-1"}, told)
    assert list(headers) == ["__value_schema_id"]
    with SchemaRegistryClient(address) as other:
        read = AvroDeserializer(other, conf={"schema.id.deserializer": dual_schema_id_deserializer})
        assert read(message, told) == {"id": "order-1"}


def test_json_goes_there_and_back(registry: SchemaRegistryClient, address: dict[str, Any]):
    write = JSONSerializer(json.dumps(ORDER), registry)
    message = write({"id": "a-1", "qty": 2}, VALUE)
    with SchemaRegistryClient(address) as other:
        read = JSONDeserializer(None, schema_registry_client=other)
        assert read(message, VALUE) == {"id": "a-1", "qty": 2}
    assert ContractVersion.objects.get().contract.format == "jsonschema"


def test_a_wrong_token_is_refused(address: dict[str, Any]):
    wrong = {**address, "basic.auth.user.info": "checkout:plb_wrong"}
    with SchemaRegistryClient(wrong) as client, pytest.raises(SchemaRegistryError) as refused:
        client.get_subjects()
    assert refused.value.http_status_code == 401
