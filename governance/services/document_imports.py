"""Documents of a standard, such as ODCS or OpenAPI, come in by the manifests' door: each becomes a version of a contract.

Owns the report, and the manifest that a document stands for. Never judges one: its format's reader and the gate do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from governance.contracts import InvalidSchema
from governance.contracts.validation import check_schema
from governance.models import Change
from governance.registry.numbering import plain_name
from governance.yaml_text import as_yaml
from orchestration.errors import Conflict, Forbidden, InvalidInput, InvalidManifest
from orchestration.manifest.nodes import plain
from orchestration.manifest.reading import read
from orchestration.services.applying import Signature
from orchestration.services.manifests import Change as Planned
from orchestration.services.manifests import Document, apply, plan
from orchestration.versions import is_version

Authorise = Callable[[list[Planned]], None]


@dataclass(frozen=True, slots=True)
class Line:
    """What came of one document. `action`: publish, propose, unchanged or refused; `change`: the one it waits in."""

    source: str
    name: str = ""
    version: str = ""
    action: str = "refused"
    change: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Standard:
    """A format that has a name, a version and a description of its own in each document.

    `described` gives the three, and raises InvalidInput; `place`: where the version stands. `level`: the question that a new
    version is asked, empty where its use says.
    """

    format: str
    noun: str
    place: str
    described: Callable[[Mapping[str, Any]], tuple[str, str, str]]
    level: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the importer says of all documents. `name` and `version` stand in for the document's own."""

    owner: str
    name: str = ""
    version: str = ""


def import_documents(
    standard: Standard, documents: list[Document], wanted: Wanted, *, signature: Signature, authorise: Authorise,
    dry_run: bool = False,
) -> list[Line]:  # fmt: skip
    """Each by itself: one that can't be had keeps no other from it."""
    return [_import(standard, one, wanted, signature, authorise, dry_run=dry_run) for one in documents]


def _import(
    standard: Standard, document: Document, wanted: Wanted, signature: Signature, authorise: Authorise, *, dry_run: bool
) -> Line:
    try:
        value = _read(standard, document)
        said, number, text = standard.described(value)
        name, version = wanted.name or plain_name(said), wanted.version or number
        about = {"name": name, "version": version, "owner": wanted.owner} | (
            {"description": text[:2_000]} if text else {}
        )
        if not is_version(version):
            raise InvalidInput(f"{standard.place}: {version[:40]!r} is no semantic version; write it as 1.2.3")
        manifest = [Document(_manifest(standard, value, about), document.source)]
        planned = plan(manifest)
        authorise(planned)
        if not dry_run:
            planned = apply(manifest, signature, authorise)
    except InvalidManifest as error:
        return Line(document.source, problem="; ".join(str(one) for one in error.problems[:5]))
    except (InvalidInput, InvalidSchema, Conflict, Forbidden) as error:
        return Line(document.source, problem=str(error))
    action = planned[0].action
    made = Change.objects.filter(kind="contract.publish", name=name, number=version).order_by("-pk").first()
    waits = made.pk if made and action == "propose" and not dry_run else None
    return Line(document.source, name, version, action, waits)


def _read(standard: Standard, document: Document) -> dict[str, Any]:
    roots, problems = read(document.text, document.source)
    if problems:
        raise InvalidManifest(problems)
    if len(roots) != 1:
        raise InvalidInput(f"{document.source} holds {len(roots)} documents; {standard.noun} is one")
    value = plain(roots[0])
    check_schema(standard.format, value)
    assert isinstance(value, dict)
    return value


def _manifest(standard: Standard, value: Mapping[str, Any], metadata: Mapping[str, str]) -> str:
    level = {"compatibility": standard.level} if standard.level else {}
    spec = {"format": standard.format, **level, "schema": value}
    return as_yaml({"apiVersion": "plumbline/v1", "kind": "Contract", "metadata": metadata, "spec": spec})
