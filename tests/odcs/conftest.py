"""Data contracts as teams write them, and the standard's own JSON Schema to hold what comes out to."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import jsonschema_rs
import pytest

from orchestration.models import Team

ORDERS = """
apiVersion: v3.1.0
kind: DataContract
id: 6a3f6f0e-orders
name: Orders
version: 1.0.0
status: active
domain: shop
tenant: Example
description: {purpose: Orders as they were placed., usage: Reporting, limitations: No drafts.}
servers:
  - {server: warehouse, type: postgres, host: db.example, port: 5432, database: shop, schema: sales, environment: prod}
schema:
  - name: orders
    physicalType: table
    description: One row for each order.
    properties:
      - {name: id, logicalType: string, physicalType: varchar(18), required: true, primaryKey: true, logicalTypeOptions: {maxLength: 18}}
      - {name: placed_at, logicalType: timestamp, required: true, logicalTypeOptions: {format: "yyyy-MM-dd HH:mm:ss"}}
      - {name: total, logicalType: number, logicalTypeOptions: {minimum: 0}}
      - name: lines
        logicalType: array
        items: {logicalType: object, properties: [{name: sku, logicalType: string, required: true}]}
        quality:
          - {type: library, metric: nullValues, mustBe: 0, severity: error}
    quality:
      - {type: library, metric: rowCount, mustBeGreaterThan: 1000}
  - name: refunds
    properties:
      - {name: order_id, logicalType: string, required: true}
price: {priceAmount: 9.95, priceCurrency: USD, priceUnit: megabyte}
team: {name: checkout, members: [{username: keeper, role: Owner, dateIn: "2022-10-01"}]}
roles:
  - {role: reader, access: read, firstLevelApprovers: payments, secondLevelApprovers: na}
slaProperties:
  - {property: latency, value: 4, unit: d, element: orders.placed_at}
  - {property: retention, value: 3, unit: y}
  - {property: endOfSupport, value: "2032-05-12T09:30:10-08:00"}
  - {property: timeOfAvailability, value: 09:00-08:00, driver: regulatory}
support:
  - {channel: "#shop", tool: slack, url: "https://chat.example/shop"}
tags: [orders]
customProperties: [{property: ruleset, value: [a, b]}]
contractCreatedTs: "2022-11-15T02:59:43+00:00"
"""


@pytest.fixture
def teams(db: None) -> list[Team]:
    return [Team.objects.get_or_create(name=name)[0] for name in ("checkout", "payments")]


def faults(document: Any) -> list[str]:
    """What the standard's own JSON Schema has against it."""
    text = resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8")
    return [error.message for error in jsonschema_rs.Draft201909Validator(json.loads(text)).iter_errors(document)]
