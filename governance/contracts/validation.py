"""Payloads against a contract version: compiled once per version and process, every violation with its JSON pointer.

`format` never asserts (4-contracts.md). Owns the cache; a published schema never changes. Never stores a payload.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jsonschema_rs

from governance.contracts.formats import AVRO, ODCS, OPENAPI
from governance.contracts.vocabulary import DRAFT_07, draft_of
from governance.contracts.vocabulary import InvalidSchema as ContractFault
from governance.selectors.contracts import schema_of
from orchestration.errors import Violation

#: A payload with thousands of faults is told the first of them.
MOST = 50

Check = Callable[[Any], Sequence[Violation]]


class InvalidSchema(Exception):
    """The schema itself is faulty; the message says where."""


@functools.lru_cache(maxsize=1024)
def validator_of(name: str, version: str, mask: str | None = None) -> Check:
    """The compiled check of a published version."""
    return compile_check(schema_of(name, version), mask=mask)


def compile_check(schema: Any, *, mask: str | None = None) -> Check:
    """A check for a JSON Schema, in the draft that a comparison reads it in. Raises InvalidSchema.

    `mask` stands in its messages for every value of a payload; names and shape are shown.
    """
    try:
        made = jsonschema_rs.Draft7Validator if draft_of(schema) == DRAFT_07 else jsonschema_rs.Draft202012Validator
        validator = made(schema, validate_formats=False, retriever=_never_fetch, mask=mask)
    except (ValueError, jsonschema_rs.ValidationError) as error:
        raise InvalidSchema(str(error).splitlines()[0]) from error

    def check(payload: Any) -> Sequence[Violation]:
        if validator.is_valid(payload):
            return ()
        found = []
        for error in validator.iter_errors(payload):
            pointer = "".join(f"/{part}" for part in error.instance_path)
            found.append(Violation(pointer, error.message[:300]))
            if len(found) == MOST:
                break
        return tuple(found)

    return check


def check_schema(format: str, schema: Any) -> None:
    """Whether it is a schema of that format. Raises governance.contracts.InvalidSchema, with the place and the remedy."""
    if format == AVRO:
        from governance.contracts.avro_schemas import read_avro  # for the few that have Avro

        read_avro(schema, "the")
        return
    if format == ODCS:
        from governance.contracts.odcs import check_odcs  # likewise

        check_odcs(schema)
        return
    if format == OPENAPI:
        _check_api(schema)
        return
    try:
        compile_check(schema)
    except InvalidSchema as error:
        raise ContractFault(f"not a valid JSON Schema: {error}") from None


def _check_api(document: Any) -> None:
    from governance.contracts.openapi.calling import Api  # likewise

    try:
        Api(document, "the document").check()
    except RecursionError:
        raise ContractFault("the document is nested too deep; name parts in components") from None


def _never_fetch(uri: str) -> Any:
    """Left to itself the validator reads files and calls addresses that a `$ref` names, whoever wrote it."""
    raise ValueError(
        f"{uri[:200]!r} lies outside the contract; a schema may only refer to its own parts, such as #/$defs/x"
    )
