"""A workflow against the contracts of its ports, before it ever runs: fields that it reads, and payloads that it gives.

Says only what is sure to fail. Owns the sentences. Pure: it is handed the contracts, and never looks one up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from governance.contracts.fields import Fields, type_of
from orchestration.manifest import FieldRead, Finding, Given, PortKey, given, reads, sole_read
from orchestration.manifest.problems import MOST_PROBLEMS, Path, suggestion
from orchestration.manifest.templates import OPENING, split

_MOST_NAMES = 10


@dataclass(frozen=True, slots=True)
class Contracted:
    """The contract version at a port: how it is called, and its fields."""

    name: str
    fields: Fields


def faults(workflow: dict[str, Any], contracts: Mapping[PortKey, Contracted]) -> list[Finding]:
    """Everything that can't be, with its place in the workflow's normal form."""
    return list(islice(_faults(workflow, contracts), MOST_PROBLEMS))


def _faults(workflow: dict[str, Any], contracts: Mapping[PortKey, Contracted]) -> Iterator[Finding]:
    for read in reads(workflow):
        contract = contracts.get(read.port)
        if contract is not None:
            yield from _missing(read, contract)
    for one in given(workflow):
        contract = contracts.get(one.port)
        if contract is not None:
            yield from _Payload(workflow, contracts, contract).faults(one)


def _missing(read: FieldRead, contract: Contracted) -> Iterator[Finding]:
    fields = contract.fields
    for length in range(1, len(read.field) + 1):
        if fields.has(read.field[:length]) is False:
            message = _refused(contract.name, fields, read.field[: length - 1], read.field[length - 1])
            yield Finding(read.place, message)
            return


def _refused(name: str, fields: Fields, parent: Path, part: str | int) -> str:
    types = fields.types(parent)
    wanted = "object" if isinstance(part, str) else "array"
    if types and wanted not in types:
        what = f"field {_cut(part)!r}" if isinstance(part, str) else "items"
        return f"{written(parent) or 'the payload'} of {name} is {_a(types)}, so it has no {what}"
    at = f" at {written(parent)}" if parent else ""
    if not isinstance(part, str):
        return f"{name} has no such item{at}"
    known = fields.names(parent)
    shown = ", ".join(known[:_MOST_NAMES]) + (", …" if len(known) > _MOST_NAMES else "")
    hint = suggestion(part, known) or (f"; there are: {shown}" if known else "")
    return f"{_cut(part)!r} is no field of {name}{at}{hint}"


@dataclass(frozen=True, slots=True)
class _Payload:
    """A payload that is written in the workflow, for the one who takes it by this contract."""

    workflow: dict[str, Any]
    contracts: Mapping[PortKey, Contracted]
    contract: Contracted

    def faults(self, one: Given) -> Iterator[Finding]:
        yield from self._against(one.value, one.place, ())

    def _against(self, value: Any, place: Path, at: Path) -> Iterator[Finding]:
        name, fields = self.contract.name, self.contract.fields
        wanted, types = fields.types(at), self._types(value)
        if wanted is not None and not wanted:
            yield Finding(place, f"{name} takes nothing at {pointer(at)}; remove it")
            return
        if wanted is not None and types is not None and not types & wanted:
            yield Finding(place, f"gives {_a(types)}; {name} wants {_or(wanted)} at {pointer(at)}")
            return
        if isinstance(value, dict):
            for missing in sorted(fields.required(at) - value.keys()):
                where = f" at {pointer(at)}" if at else ""
                yield Finding(place, f"does not give {_cut(missing)!r}, which {name} requires{where}")
            for key, member in value.items():
                yield from self._against(member, (*place, key), (*at, key))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._against(item, (*place, index), (*at, index))

    def _types(self, value: Any) -> frozenset[str] | None:
        """What the value will be, None where only a run can tell."""
        if not isinstance(value, str) or OPENING not in value:
            return frozenset({type_of(value)})
        if len(list(split(value))) > 1:
            return frozenset({"string"})
        port, field = sole_read(value, self.workflow) or (("", ""), ())
        source = self.contracts.get(port)
        found = source.fields.types(field) if source is not None else None
        if not found:
            return None  # a field that can't be is told of where it is read
        return found if field or port[1] == "input" else found | {"null"}  # the output of a skipped step is null


def written(path: Path) -> str:
    """A path in a payload as people write it: `lines[].sku`."""
    text = "".join(f".{part}" if isinstance(part, str) else "[]" if part < 0 else f"[{part}]" for part in path)
    return text.removeprefix(".")


def pointer(path: Path) -> str:
    """The same as a JSON pointer."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path) or "/"


def _a(types: frozenset[str]) -> str:
    return " or ".join(one if one == "null" else f"{'an' if one[0] in 'aio' else 'a'} {one}" for one in _plain(types))


def _or(types: frozenset[str]) -> str:
    return " or ".join(_plain(types))


def _plain(types: frozenset[str]) -> list[str]:
    """Without `integer` where any number will do."""
    return sorted(types - {"integer"} if "number" in types else types)


def _cut(name: str) -> str:
    return name if len(name) <= 60 else name[:60] + "…"
