"""Data contracts in and out: an ODCS document becomes a contract version by the manifests' door, and any version becomes one.

Owns the names, and the manifest that a document stands for. Never judges: governance/contracts/odcs and the gate do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from governance.contracts import InvalidSchema
from governance.contracts.formats import ODCS, format_of
from governance.contracts.odcs.reading import check_odcs
from governance.contracts.odcs.writing import Facts, document_of, with_facts
from governance.models import Change, ContractVersion
from governance.registry.numbering import plain_name
from governance.yaml_text import as_yaml
from orchestration.errors import Conflict, Forbidden, InvalidInput, InvalidManifest
from orchestration.manifest.nodes import plain
from orchestration.manifest.reading import read
from orchestration.services.applying import Signature
from orchestration.services.manifests import Change as Planned
from orchestration.services.manifests import Document, apply, plan
from orchestration.versions import is_version

#: Who reads the data must be able to read what comes: the question that a new version is asked.
LEVEL = "FORWARD"


@dataclass(frozen=True, slots=True)
class Line:
    """What came of one document. `action`: publish, propose, unchanged or refused; `change`: the one it waits in."""

    source: str
    name: str = ""
    version: str = ""
    action: str = "refused"
    change: int | None = None
    problem: str = ""


def import_odcs(
    documents: list[Document], *, owner: str, signature: Signature, authorise: Callable[[list[Planned]], None],
    name: str = "", dry_run: bool = False,
) -> list[Line]:  # fmt: skip
    """Each by itself: one that can't be had keeps no other from it. `name`: the contract's, if not the document's."""
    return [_import(one, owner, signature, authorise, name, dry_run=dry_run) for one in documents]


def _import(
    document: Document, owner: str, signature: Signature, authorise: Callable[[list[Planned]], None], name: str, *, dry_run: bool
) -> Line:  # fmt: skip
    try:
        value = _read(document)
        contract, version = name or _name(value), str(value["version"])
        if not is_version(version):
            raise InvalidInput(f"/version: {version[:40]!r} is no semantic version; write it as 1.2.3")
        manifest = [Document(_manifest(value, contract, version, owner), document.source)]
        planned = plan(manifest)
        authorise(planned)
        if not dry_run:
            planned = apply(manifest, signature, authorise)
    except InvalidManifest as error:
        return Line(document.source, problem="; ".join(str(one) for one in error.problems[:5]))
    except (InvalidInput, InvalidSchema, Conflict, Forbidden) as error:
        return Line(document.source, problem=str(error))
    action = planned[0].action
    made = Change.objects.filter(kind="contract.publish", name=contract, number=version).order_by("-pk").first()
    return Line(
        document.source, contract, version, action, made.pk if made and action == "propose" and not dry_run else None
    )


def export_odcs(version: ContractVersion) -> dict[str, Any]:
    """The document of a version."""
    contract, spec = version.contract, version.canonical["spec"]
    sunset = version.sunset_at.date().isoformat() if version.sunset_at else ""
    facts = Facts(contract.name, version.version, version.state, contract.owner.name, contract.description, sunset)
    if format_of(spec) == ODCS:
        return with_facts(version.schema, facts)
    return document_of(version.schema, format_of(spec), facts)


def _read(document: Document) -> dict[str, Any]:
    roots, problems = read(document.text, document.source)
    if problems:
        raise InvalidManifest(problems)
    if len(roots) != 1:
        raise InvalidInput(f"{document.source} holds {len(roots)} documents; a data contract is one")
    value = plain(roots[0])
    check_odcs(value)
    assert isinstance(value, dict)
    return value


def _name(value: Mapping[str, Any]) -> str:
    """The document's name, else its data product's, else its id."""
    return plain_name(next(str(value[key]) for key in ("name", "dataProduct", "id") if value.get(key)))


def _manifest(value: Mapping[str, Any], name: str, version: str, owner: str) -> str:
    metadata = {"name": name, "version": version, "owner": owner}
    described = value.get("description")
    purpose = described.get("purpose") if isinstance(described, Mapping) else None
    if purpose:
        metadata["description"] = str(purpose)[:2_000]
    spec = {"format": ODCS, "compatibility": LEVEL, "schema": value}
    return as_yaml({"apiVersion": "plumbline/v1", "kind": "Contract", "metadata": metadata, "spec": spec})
