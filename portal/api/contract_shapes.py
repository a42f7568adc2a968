"""The shapes of contracts in the API. Owns their fields, and never queries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from governance.contracts.formats import FORMATS, JSON_SCHEMA


class ContractShape(serializers.Serializer[Any]):
    """A contract, without its versions."""

    name = serializers.CharField()
    owner = serializers.CharField()
    description = serializers.CharField()
    policy = serializers.CharField()
    format = serializers.CharField(help_text="jsonschema or avro")


class ContractVersionShape(serializers.Serializer[Any]):
    """A version, without its schema. `change`: the number of the change that it waits or waited in."""

    version = serializers.CharField()
    state = serializers.CharField()
    reason = serializers.CharField()
    published_at = serializers.DateTimeField()
    change = serializers.IntegerField(allow_null=True)
    deprecated_at = serializers.DateTimeField(allow_null=True)
    sunset_at = serializers.DateTimeField(allow_null=True)
    successor = serializers.CharField(allow_null=True, help_text="the version to move to")


class ContractDetailShape(ContractShape):
    """A contract and its versions, highest first."""

    versions = ContractVersionShape(many=True)


class ContractPageShape(serializers.Serializer[Any]):
    """A page of contracts."""

    items = ContractShape(many=True)
    next = serializers.CharField(allow_null=True)


class CheckShape(serializers.Serializer[Any]):
    """A version that somebody thinks of publishing."""

    name = serializers.CharField(max_length=127)
    version = serializers.CharField(max_length=64)
    owner = serializers.CharField(max_length=63)
    policy = serializers.ChoiceField(choices=["strict", "tolerant"], default="tolerant")
    compatibility = serializers.CharField(max_length=24, allow_null=True, default=None)
    format = serializers.ChoiceField(choices=FORMATS, default=JSON_SCHEMA)
    document = serializers.JSONField(help_text="the schema, in that format")


class FindingShape(serializers.Serializer[Any]):
    """One difference; `direction` is the level that it breaks, empty where it breaks none."""

    rule = serializers.CharField()
    pointer = serializers.CharField()
    direction = serializers.CharField(allow_blank=True)
    text = serializers.CharField()
    fingerprint = serializers.CharField()


class CheckedShape(serializers.Serializer[Any]):
    """What publishing it would mean. Without a base nothing was there to break."""

    verdict = serializers.ChoiceField(choices=["safe", "breaking", "undecided"])
    base = serializers.CharField(allow_null=True)
    level = serializers.CharField()
    policy = serializers.CharField()
    takes = serializers.CharField()
    declared = serializers.CharField()
    is_enough = serializers.BooleanField()
    lowest = serializers.CharField(allow_null=True)
    findings = FindingShape(many=True)
    has_witness = serializers.BooleanField()
    witness = serializers.JSONField(allow_null=True)
    doubt = serializers.CharField(allow_blank=True)
    asks = serializers.ListField(child=serializers.CharField(), help_text="teams whose reviews it would wait for")
    url = serializers.CharField(help_text="path of the contract's page")


def finding(one: Mapping[str, Any]) -> dict[str, str]:
    """A finding, as FindingShape says."""
    return {name: one[name] for name in ("rule", "pointer", "direction", "text", "fingerprint")}
