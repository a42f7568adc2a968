"""Two independent validators, whose agreement is a verdict on a document: jsonschema and jsonschema-rs.

They differ on a few things (decimals in `multipleOf`, what `\\d` means); where they do, nobody here knows. Patterns run in a
bounded engine. Owns how the two are called; never guesses.
"""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import jsonschema_rs
import re2
from jsonschema import validators
from jsonschema.exceptions import UnknownType
from referencing import Registry

from governance.contracts.vocabulary import DRAFT_07

#: Steps after which a pattern with look-around, which the bounded engine refuses, is given up.
BACKTRACKS = 100_000


class Disagreement(Exception):
    """The two do not say the same."""


class Unable(Disagreement):
    """One of them can't say."""


class Judge:
    """Both validators of one schema. Raises Disagreement when the schema is not one for them."""

    def __init__(self, schema: Any, draft: str) -> None:
        old = draft == DRAFT_07
        try:
            made = jsonschema_rs.Draft7Validator if old else jsonschema_rs.Draft202012Validator
            engine = jsonschema_rs.FancyRegexOptions(backtrack_limit=BACKTRACKS)
            self._quick = made(schema, validate_formats=False, retriever=_nowhere, pattern_options=engine)
        except (ValueError, jsonschema_rs.ValidationError) as error:
            raise Unable(str(error).splitlines()[0]) from error
        self._careful = (_CAREFUL_07 if old else _CAREFUL)(schema, registry=Registry(retrieve=_nowhere))  # type: ignore[call-arg]

    def quick(self, document: Any) -> bool:
        """What the faster one says. Raises Disagreement where it can't say."""
        try:
            return bool(self._quick.is_valid(document))
        except (ValueError, jsonschema_rs.ValidationError) as error:
            raise Unable(str(error)) from error

    def accepts(self, document: Any) -> bool:
        """What both say. Raises Disagreement."""
        first = self.quick(document)
        try:
            second = next(self._careful.iter_errors(document), None) is None
        except (re2.error, re.error, RecursionError, UnknownType, LookupError, ValueError, ArithmeticError) as error:
            raise Unable(str(error)) from error
        if first != second:
            raise Disagreement("the two validators differ")
        return first

    def complaint(self, document: Any) -> tuple[str, str]:
        """Where and why the document is refused: a JSON pointer into it, and a sentence."""
        for error in self._quick.iter_errors(document):
            return "".join(f"/{part}" for part in error.instance_path), error.message[:300]
        return "", ""


def _nowhere(uri: str) -> Any:
    raise ValueError(f"{uri[:200]!r} lies outside the contract")


def _found(pattern: str, text: str) -> bool:
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options).search(text) is not None


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Any:
    if isinstance(instance, str) and not _found(pattern, instance):
        yield jsonschema.ValidationError(f"does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Any:
    if isinstance(instance, dict):
        for pattern, part in patterns.items():
            for name, member in instance.items():
                if _found(pattern, name):
                    yield from validator.descend(member, part, path=name, schema_path=pattern)


def _additional(validator: Any, part: Any, instance: Any, schema: Any) -> Any:
    if not isinstance(instance, dict):
        return
    named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, member in instance.items():
        if name not in named and not any(_found(pattern, name) for pattern in patterns):
            yield from validator.descend(member, part, path=name)


_BOUNDED = {"pattern": _pattern, "patternProperties": _pattern_properties, "additionalProperties": _additional}
_CAREFUL = validators.extend(jsonschema.Draft202012Validator, _BOUNDED)  # type: ignore[no-untyped-call]
_CAREFUL_07 = validators.extend(jsonschema.Draft7Validator, _BOUNDED)  # type: ignore[no-untyped-call]
