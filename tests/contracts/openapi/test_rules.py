"""Each rule of an API's comparison: what it says of the change, and of the same change the other way round."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from governance.contracts import compare_openapi
from tests.contracts.openapi.documents import (
    ORDER,
    answer,
    answering,
    api,
    asking,
    body,
    order,
    secured,
    with_header,
    with_parameter,
)

TODAY = date(2026, 11, 27)
TEXT, INTEGER = {"type": "string"}, {"type": "integer"}
NO_NOTE = {**ORDER, "properties": {"id": TEXT, "count": INTEGER}}
NEEDS_NOTE = {**ORDER, "required": ["id", "note"]}
KEY, OAUTH = {"key": []}, {"oauth": ["read"]}
BASE = {"$ref": "#/components/schemas/Base"}
CALLED = {"responses": {"200": {"description": "a", "links": {"next": {"operationId": "a"}}}}}
FREE, FEW = {"type": "object"}, {"type": "object", "maxProperties": 2}


def of_scheme(scheme: str) -> dict[str, Any]:
    return {**api(), "components": {"securitySchemes": {"user": {"type": "http", "scheme": scheme}}}}


NOTHING: dict[str, Any] = {**api(), "paths": {}}

#: What changes; base, revision; the verdict, and a rule that is told; the verdict the other way round.
CASES: dict[str, tuple[Any, Any, str, str, str]] = {
    # operations
    "a path is removed": (api(), NOTHING, "breaking", "path-removed", "safe"),
    "an operation is removed": (
        {**api(), "paths": {"/orders": {"post": {}, "get": {}}}}, {**api(), "paths": {"/orders": {"post": {}}}},
        "breaking", "operation-removed", "safe",
    ),
    "callbacks change": (api(callbacks={"done": {}}), api(callbacks={"gone": {}}), "undecided", "callbacks-changed", "undecided"),
    "words and links of a callback change": (
        api(callbacks={"done": {"{$url}": {"summary": "a", "post": {**CALLED, "operationId": "a", "tags": ["a"]}}}}),
        api(callbacks={"done": {"{$url}": {"post": {"responses": {"200": {"description": "b"}}}}}}), "safe", "", "safe",
    ),
    "a property of a callback's body that is called as a word is": (
        api(callbacks={"done": {"{$url}": {"post": {"requestBody": body(order(links=TEXT))}}}}),
        api(callbacks={"done": {"{$url}": {"post": {"requestBody": body(order())}}}}), "undecided", "callbacks-changed", "undecided",
    ),
    "a webhook goes": (
        {**api(), "webhooks": {"made": {"post": {}}}}, {**api(), "webhooks": {}}, "breaking", "webhook-removed", "safe",
    ),
    "a webhook is another": (
        {**api(), "webhooks": {"made": {"post": {}}}}, {**api(), "webhooks": {"made": {"put": {}}}},
        "undecided", "webhook-changed", "undecided",
    ),
    "the operation id changes": (api(operationId="a"), api(operationId="b"), "safe", "", "safe"),
    # parameters
    "an optional parameter is new": (api(), with_parameter(INTEGER), "safe", "parameter-added-optional", "undecided"),
    "a required parameter is new": (api(), with_parameter(INTEGER, required=True), "breaking", "parameter-added-required", "undecided"),
    "a parameter becomes required": (
        with_parameter(INTEGER), with_parameter(INTEGER, required=True), "breaking", "parameter-became-required", "safe",
    ),
    "a parameter's bound is narrowed": (
        with_parameter({**INTEGER, "maximum": 100}), with_parameter({**INTEGER, "maximum": 50}),
        "breaking", "parameter-maximum-narrowed", "safe",
    ),
    "a parameter may be any text": (with_parameter(INTEGER), with_parameter(TEXT), "safe", "parameter-type-widened", "breaking"),
    "a parameter may also be null, or any text": (
        with_parameter(INTEGER), with_parameter({"type": ["null", "string"]}), "safe", "parameter-type-widened", "breaking",
    ),
    "a parameter is written in another way": (
        with_parameter({"type": "array"}), with_parameter({"type": "array"}, explode=False),
        "breaking", "parameter-style-changed", "breaking",
    ),
    "a header is the same in small letters": (
        with_parameter(TEXT, name="X-Id", place="header"), with_parameter(TEXT, name="x-id", place="header"), "safe", "", "safe",
    ),
    "a header that means nothing is required": (
        api(), with_parameter(TEXT, name="Authorization", place="header", required=True), "safe", "", "safe",
    ),
    # request bodies
    "a required body is new": (api(), asking(ORDER), "breaking", "request-body-added-required", "undecided"),
    "an optional body is new": (
        api(), api(requestBody=body(ORDER, required=False)), "safe", "request-body-added-optional", "undecided",
    ),
    "a body becomes required": (
        api(requestBody=body(ORDER, required=False)), asking(ORDER), "breaking", "request-body-became-required", "safe",
    ),
    "a body's media type goes": (
        api(requestBody={"content": {"application/json": {}, "text/csv": {}}}), api(requestBody={"content": {"application/json": {}}}),
        "breaking", "request-body-media-type-removed", "safe",
    ),
    "a body's media type is within a range": (
        api(requestBody={"content": {"text/csv": {}}}), api(requestBody={"content": {"text/*": {}}}), "safe", "", "breaking",
    ),
    "a property is required in a request": (asking(ORDER), asking(NEEDS_NOTE), "breaking", "request-body-required-added", "safe"),
    "an optional property is new in a request": (
        asking(NO_NOTE), asking(ORDER), "safe", "request-body-property-added-to-open-object", "undecided",
    ),
    "an enum of a request loses a value": (
        asking(order(note={"enum": ["a", "b"]})), asking(order(note={"enum": ["a"]})), "breaking", "request-body-enum-narrowed", "safe",
    ),
    "an integer of a request may be any number": (
        asking(order(count=INTEGER)), asking(order(count={"type": "number"})), "safe", "request-body-type-widened", "breaking",
    ),
    "a property that is only read becomes required": (
        asking(order(note={**TEXT, "readOnly": True})), asking({**order(note={**TEXT, "readOnly": True}), "required": ["id", "note"]}),
        "safe", "", "safe",
    ),
    "a request's text has a format": (
        asking(order(note=TEXT)), asking(order(note={**TEXT, "format": "uuid"})), "breaking", "request-body-format-added", "safe",
    ),
    "a request's number is a smaller one": (
        asking(order(count={**INTEGER, "format": "int64"})), asking(order(count={**INTEGER, "format": "int32"})),
        "breaking", "request-body-maximum-narrowed", "safe",
    ),
    "a default changes": (
        asking(order(note={**TEXT, "default": "a"})), asking(order(note={**TEXT, "default": "b"})), "safe", "", "safe",
    ),
    # responses
    "a status that says well done goes": (
        api(responses={"200": {}, "201": {}}), api(responses={"200": {}}), "breaking", "response-status-removed", "safe",
    ),
    "a status that says no goes": (
        api(responses={"200": {}, "404": {}}), api(responses={"200": {}}), "safe", "response-status-removed", "safe",
    ),
    "a status is within a range": (api(responses={"201": {}}), api(responses={"2XX": {}}), "safe", "response-status-added", "breaking"),
    "an answer's media type goes": (
        answering(ORDER), api(responses={"201": answer(ORDER, media="text/xml")}), "breaking", "response-body-media-type-removed", "breaking",
    ),
    "an answer's property is not promised any more": (
        answering(NEEDS_NOTE), answering(ORDER), "breaking", "response-body-required-removed", "safe",
    ),
    "an answer loses what was promised": (
        answering(NEEDS_NOTE), answering(NO_NOTE), "breaking", "response-body-property-removed-from-open-object", "safe",
    ),
    "an answer loses what was optional": (
        answering(ORDER), answering(NO_NOTE), "safe", "response-body-property-removed-from-open-object", "safe",
    ),
    "an answer's enum has one more value": (
        answering(order(note={"enum": ["a"]})), answering(order(note={"enum": ["a", "b"]})),
        "breaking", "response-body-enum-widened", "safe",
    ),
    "an answer may hold null": (
        answering(order(note=TEXT)), answering(order(note={"type": ["string", "null"]})), "breaking", "response-body-type-widened", "safe",
    ),
    "what is only written is promised": (
        answering(order(note={**TEXT, "writeOnly": True})), answering({**order(note={**TEXT, "writeOnly": True}), "required": ["id", "note"]}),
        "safe", "", "safe",
    ),
    "a promised header goes": (with_header(required=True), api(), "breaking", "response-header-removed", "safe"),
    "a header is not promised any more": (
        with_header(required=True), with_header(), "breaking", "response-header-became-optional", "safe",
    ),
    "a header was a number and may be any text": (
        with_header(), with_header(schema=TEXT), "breaking", "response-header-type-widened", "safe",
    ),
    "a header is another": (
        with_header(), with_header(schema={"type": "boolean"}), "breaking", "response-header-type-changed", "breaking",
    ),
    # objects of which nothing is said hold anything
    "what a text holds is said of what is none": (
        asking(order(tags={**FREE, "contentMediaType": "a/b"})), asking(order(tags={**FREE, "contentMediaType": "a/c"})), "safe", "", "safe",
    ),
    "what a text holds has a schema and no media type": (
        asking({**TEXT, "contentSchema": INTEGER}), asking({**TEXT, "contentSchema": TEXT}), "safe", "", "safe",
    ),
    "what a text holds has another media type": (
        asking({**TEXT, "contentMediaType": "a/b"}), asking({**TEXT, "contentMediaType": "a/c"}), "undecided", "", "undecided",
    ),
    "an object that may hold anything may hold less": (
        asking(order(tags=FREE)), asking(order(tags=FEW)), "breaking", "request-body-maxProperties-added", "safe",
    ),
    "an object that held anything has a property of a type": (
        asking(order(tags=FREE)), asking(order(tags={**FREE, "properties": {"n": INTEGER}})),
        "breaking", "request-body-property-added-to-open-object", "undecided",
    ),
    "a part of an object that says no more of it": (
        asking({"allOf": [FREE, ORDER]}), asking({"allOf": [FREE, {**ORDER, "properties": {**ORDER["properties"], "n": INTEGER}}]}),
        "safe", "request-body-property-added-to-open-object", "undecided",
    ),
    "the same in a choice": (
        asking(order(tags={"oneOf": [FREE, TEXT]})), asking(order(tags={"oneOf": [{**FREE, "properties": {"n": INTEGER}}, TEXT]})),
        "breaking", "request-body-property-added-to-open-object", "undecided",
    ),
    "the same beside null": (
        asking(order(tags={"type": ["object", "null"]})),
        asking(order(tags={"type": ["object", "null"], "properties": {"n": INTEGER}})),
        "breaking", "request-body-property-added-to-open-object", "undecided",
    ),
    "a parameter in whose place each value is a text": (
        with_parameter(FREE, style="deepObject", explode=True),
        with_parameter({**FREE, "properties": {"n": TEXT}}, style="deepObject", explode=True), "safe", "", "safe",
    ),
    "a named part that says no more of it": (
        asking({"allOf": [BASE, ORDER]}, schemas={"Base": FREE}),
        asking({"allOf": [BASE, {**ORDER, "properties": {**ORDER["properties"], "n": INTEGER}}]}, schemas={"Base": FREE}),
        "safe", "request-body-property-added-to-open-object", "undecided",
    ),
    "what is not evaluated beside such a part": (
        asking({"allOf": [BASE], "unevaluatedProperties": TEXT}, schemas={"Base": FREE}),
        asking({"allOf": [BASE], "unevaluatedProperties": INTEGER}, schemas={"Base": FREE}),
        "breaking", "request-body-type-changed", "breaking",
    ),
    "something or null": (
        asking(order(note=TEXT)), asking(order(note={"oneOf": [{"type": "null"}, TEXT]})), "safe", "request-body-null-added", "breaking",
    ),
    "an object or null": (
        asking(order(part=ORDER)), asking(order(part={"anyOf": [ORDER, {"type": "null"}]})), "safe", "request-body-null-added", "breaking",
    ),
    # security
    "a scheme of HTTP is written in another case": (
        of_scheme("basic"), of_scheme("Basic"), "safe", "", "safe",
    ),
    "a scheme of HTTP is another": (of_scheme("basic"), of_scheme("bearer"), "breaking", "security-scheme-changed", "breaking"),
    "a call needs proof": (secured(), secured(KEY), "breaking", "security-tightened", "safe"),
    "one of two proofs is no more enough": (secured(KEY, OAUTH), secured(KEY), "breaking", "security-tightened", "safe"),
    "a call needs one more scope": (
        secured(OAUTH), secured({"oauth": ["read", "write"]}), "breaking", "security-tightened", "safe",
    ),
    # deprecation
    "an operation is deprecated": (api(), api(deprecated=True), "safe", "operation-deprecated", "safe"),
    "a deprecated operation goes": (api(deprecated=True), NOTHING, "safe", "path-removed-after-deprecation", "safe"),
    "an operation goes that promised nothing yet": (
        api(**{"x-stability-level": "alpha"}), NOTHING, "safe", "path-removed-while-alpha", "safe",
    ),
    "an operation goes before its sunset": (
        api(deprecated=True, **{"x-sunset": "2027-01-31"}), NOTHING, "breaking", "path-removed-before-sunset", "safe",
    ),
    "an operation goes after its sunset": (
        api(deprecated=True, **{"x-sunset": "2026-11-27"}), NOTHING, "safe", "path-removed-after-deprecation", "safe",
    ),
    "a sunset is moved closer": (
        api(deprecated=True, **{"x-sunset": "2027-01-31"}), api(deprecated=True, **{"x-sunset": "2027-01-30"}),
        "breaking", "sunset-moved-closer", "safe",
    ),
    "a sunset is taken away": (
        api(deprecated=True, **{"x-sunset": "2027-01-31"}), api(deprecated=True), "breaking", "sunset-removed", "safe",
    ),
    "a sunset can't be read": (
        api(deprecated=True, **{"x-sunset": "2027-01-31"}), api(deprecated=True, **{"x-sunset": "soon"}),
        "breaking", "sunset-unreadable", "breaking",
    ),
    "a promise of stability is lowered": (
        api(), api(**{"x-stability-level": "beta"}), "breaking", "stability-decreased", "safe",
    ),
    "a stability that there is not": (
        api(), api(**{"x-stability-level": "solid"}), "breaking", "stability-unreadable", "breaking",
    ),
    "a deprecated parameter goes": (
        with_parameter(TEXT, deprecated=True), api(), "safe", "parameter-removed-after-deprecation", "safe",
    ),
    "a parameter goes before its sunset": (
        with_parameter(TEXT, deprecated=True, **{"x-sunset": "2027-01-31"}), api(),
        "breaking", "parameter-removed-before-sunset", "safe",
    ),
    "a parameter goes after its sunset": (
        with_parameter(TEXT, deprecated=True, **{"x-sunset": "2026-11-27"}), api(),
        "safe", "parameter-removed-after-deprecation", "safe",
    ),
    "a parameter's sunset is moved closer": (
        with_parameter(TEXT, deprecated=True, **{"x-sunset": "2027-01-31"}),
        with_parameter(TEXT, deprecated=True, **{"x-sunset": "2027-01-30"}), "breaking", "sunset-moved-closer", "safe",
    ),
    "a parameter's sunset is taken away": (
        with_parameter(TEXT, deprecated=True, **{"x-sunset": "2027-01-31"}), with_parameter(TEXT, deprecated=True),
        "breaking", "sunset-removed", "safe",
    ),
    "reserved characters of a parameter have to be encoded": (
        with_parameter(TEXT, allowReserved=True), with_parameter(TEXT), "breaking", "parameter-style-changed", "safe",
    ),
    "explode means nothing of a single value": (
        with_parameter(TEXT), with_parameter(TEXT, explode=False), "safe", "", "safe",
    ),
    "a parameter may be said several times": (
        with_parameter(INTEGER), with_parameter({"type": ["array", "null"], "items": INTEGER}), "safe", "", "breaking",
    ),
    "a parameter may be said several times, of another type": (
        with_parameter(TEXT), with_parameter({"type": "array", "items": {"type": "boolean"}}), "breaking", "", "breaking",
    ),
    "a list of values in one text is no repeated parameter": (
        with_parameter(INTEGER), with_parameter({"type": "array", "items": INTEGER}, explode=False), "breaking", "", "breaking",
    ),
    "a text is written in another encoding": (
        asking({**TEXT, "contentEncoding": "base64"}), asking({**TEXT, "contentEncoding": "base32"}), "undecided", "", "undecided",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_change_has_its_verdict_and_its_rule_and_so_has_the_way_back(name: str):
    base, revision, verdict, rule, back = CASES[name]
    report = compare_openapi(base, revision, today=TODAY)
    assert report.verdict == verdict, report.findings
    assert not rule or rule in {finding.rule for finding in report.findings}, report.findings
    assert compare_openapi(revision, base, today=TODAY).verdict == back


@pytest.mark.parametrize("name", CASES)
def test_nothing_changes_between_a_document_and_itself(name: str):
    for document in CASES[name][:2]:
        report = compare_openapi(document, document, today=TODAY)
        assert (report.verdict, report.findings, report.bump) == ("safe", (), "none")


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[2] != "safe"])
def test_what_breaks_or_needs_a_person_has_a_finding_with_a_direction_and_takes_a_major_version(name: str):
    report = compare_openapi(*CASES[name][:2], today=TODAY)
    assert report.bump == "major"
    assert report.findings[0].direction in ("BACKWARD", "FORWARD")
    assert len({finding.fingerprint for finding in report.findings}) == len(report.findings)
