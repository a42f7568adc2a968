"""Teams and ownership out of other tools' files, held against what there is here.

A team that is missing is made. A dependency is handed over, by its manifest. Who owns a workflow or a contract is said by its
newest version, so what differs there is told, and a version that names the new owner settles it. Owns that report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from governance.models import Contract, ContractVersion
from governance.ownership.backstage import backstage, looks_like_it
from governance.ownership.claims import Claim, NamedTeam, Told
from governance.ownership.codeowners import CodeOwners, codeowners
from governance.yaml_text import as_yaml
from orchestration.errors import Forbidden, InvalidManifest
from orchestration.models import Dependency, Team, Workflow, WorkflowVersion
from orchestration.services.applying import Signature
from orchestration.services.manifests import Change as Planned
from orchestration.services.manifests import Document, apply, plan

Authorise = Callable[[list[Planned]], None]


@dataclass(frozen=True, slots=True)
class Line:
    """What came of one thing. `action`: create, change, same, differs (somebody has to publish), note or refused."""

    action: str
    what: str
    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that is owned here."""

    kind: str
    name: str
    owner: str
    #: Where its manifest lies, as its last applying said; empty where that is not known.
    path: str


def import_ownership(
    documents: Sequence[Document], *, signature: Signature, authorise: Authorise, names: dict[str, str] | None = None,
    dry_run: bool = False,
) -> list[Line]:  # fmt: skip
    """`names`: what the portal calls a team that a file calls otherwise."""
    lines: list[Line] = []
    teams: dict[str, NamedTeam] = {}
    claims: list[Claim] = []
    things = list(_things())
    for document in documents:
        try:
            told, owners = _told(document)
        except InvalidManifest as error:
            lines.append(Line("refused", document.source, str(error.problems[0])))
            continue
        lines += [Line("note", document.source, note) for note in told.notes]
        teams |= {one.name: one for one in told.teams if one.name not in teams}
        claims += told.claims
        claims += _by_path(owners, things) if owners is not None else ()
    called = names or {}
    ours = [NamedTeam(called.get(one.name, one.name), one.description) for one in teams.values()]
    writer = _Writer(signature, authorise, dry_run)
    lines += _teams(ours, writer)
    by_name: dict[str, list[Thing]] = {}
    for thing in things:
        by_name.setdefault(thing.name, []).append(thing)
    for claim in claims:
        team = called.get(claim.team, claim.team)
        lines += [_owned(thing, team, claim, writer) for thing in by_name.get(claim.name, ())]
        if claim.name not in by_name:
            lines.append(Line("note", claim.name, f"{team} owns it, and nothing here has that name", claim.place))
    return lines


def _told(document: Document) -> tuple[Told, CodeOwners | None]:
    if looks_like_it(document.text):
        return backstage(document.text, document.source), None
    owners = codeowners(document.text, document.source)
    return owners.told, owners


def _things() -> Iterator[Thing]:
    """Workflows and contracts with the path of their newest version, and dependencies."""
    for kind, model, versions, key in (
        ("Workflow", Workflow, WorkflowVersion, "workflow_id"), ("Contract", Contract, ContractVersion, "contract_id"),
    ):  # fmt: skip
        newest: dict[Any, dict[str, Any]] = dict(versions.objects.order_by("precedence").values_list(key, "source"))
        for row in model.objects.select_related("owner").order_by("name"):
            yield Thing(kind, row.name, row.owner.name, str((newest.get(row.pk) or {}).get("path") or ""))
    for one in Dependency.objects.select_related("owner").order_by("name"):
        yield Thing("Dependency", one.name, one.owner.name, str((one.source or {}).get("path") or ""))


def _by_path(owners: CodeOwners, things: list[Thing]) -> Iterator[Claim]:
    """Of each thing whose manifest's path is known: the first team of the rule that decides."""
    for thing in things:
        rule = owners.rule_for(thing.path) if thing.path else None
        if rule is not None and rule.teams:
            yield Claim(rule.teams[0], f"{rule.place} ({rule.pattern})", name=thing.name)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Applies one manifest at a time, or in a dry run says what would come of it."""

    signature: Signature
    authorise: Authorise
    dry_run: bool

    def write(self, action: str, what: str, text: str, manifest: str) -> Line:
        """The line of it; refused where the caller may not, or the manifest can't be."""
        documents = [Document(manifest, what)]
        try:
            self.authorise(plan(documents))
            if not self.dry_run:
                apply(documents, self.signature, self.authorise)
        except (InvalidManifest, Forbidden) as error:
            return Line("refused", what, str(error))
        return Line(action, what, text)


def _teams(teams: list[NamedTeam], writer: _Writer) -> Iterator[Line]:
    known = set(Team.objects.values_list("name", flat=True))
    for one in sorted({team.name: team for team in teams}.values(), key=lambda team: team.name):
        if one.name in known:
            yield Line("same", f"Team {one.name}", "is here already")
            continue
        metadata = {"name": one.name, **({"description": one.description} if one.description else {})}
        manifest = as_yaml({"apiVersion": "plumbline/v1", "kind": "Team", "metadata": metadata, "spec": {}})
        yield writer.write("create", f"Team {one.name}", "is new", manifest)


def _owned(thing: Thing, team: str, claim: Claim, writer: _Writer) -> Line:
    what = f"{thing.kind} {thing.name}"
    if thing.owner == team:
        return Line("same", what, f"is {team}'s", claim.place)
    text = f"is {thing.owner}'s here and {team}'s there"
    if thing.kind != "Dependency":
        return Line("differs", what, f"{text}; publish a version whose manifest names {team}", claim.place)
    handed = f"goes from {thing.owner} to {team}"
    if writer.dry_run and not Team.objects.filter(name=team).exists():  # it would be made before
        return Line("change", what, handed, claim.place)
    stored = Dependency.objects.get(name=thing.name).document
    manifest = as_yaml({**stored, "metadata": {**stored["metadata"], "owner": team}})
    return replace(writer.write("change", what, handed, manifest), place=claim.place)
