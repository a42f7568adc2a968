"""Backstage `catalog-info.yaml`: groups are teams, and the `spec.owner` of components, APIs and resources is a claim.

After the Backstage "Descriptor Format of Catalog Entities". Owns reading that. Never follows a Location: nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from governance.ownership.claims import Claim, NamedTeam, Told, team_name
from orchestration.errors import InvalidManifest
from orchestration.manifest.nodes import plain
from orchestration.manifest.reading import read

#: What is owned and may be something here.
OWNED = ("Component", "API", "Resource", "System")
FAMILY = "backstage.io/"


def looks_like_it(text: str) -> bool:
    """Whether a text is more likely a catalog than CODEOWNERS."""
    return "apiVersion:" in text and FAMILY in text


def backstage(text: str, source: str) -> Told:
    """Everything of a catalog file. Raises InvalidManifest for what is no YAML."""
    roots, problems = read(text, source)
    if problems:
        raise InvalidManifest(problems)
    teams: list[NamedTeam] = []
    claims: list[Claim] = []
    notes: list[str] = []
    for root in roots:
        entity = plain(root)
        if entity is None:
            continue
        for found in _entity(entity, f"{source}:{root.line}"):
            (teams if isinstance(found, NamedTeam) else claims if isinstance(found, Claim) else notes).append(found)  # type: ignore[arg-type]
    return Told(tuple(teams), tuple(claims), tuple(notes))


def _entity(entity: Any, place: str) -> Iterator[NamedTeam | Claim | str]:
    kind, metadata, spec = (_get(entity, key) for key in ("kind", "metadata", "spec"))
    name = _get(metadata, "name")
    if (
        not str(_get(entity, "apiVersion") or "").startswith(FAMILY)
        or not isinstance(kind, str)
        or not isinstance(name, str)
    ):
        yield f"{place}: is no entity of a catalog: apiVersion {FAMILY}…, kind and metadata.name are wanted"
        return
    if kind == "Group":
        profile = _get(spec, "profile")
        words = _get(metadata, "description") or _get(profile, "displayName") or _get(metadata, "title") or ""
        if team_name(name):
            yield NamedTeam(team_name(name), str(words)[:500])
    elif kind in OWNED:
        owner = _get(spec, "owner")
        of, who = _reference(str(owner)) if isinstance(owner, str) and owner.strip() else ("", "")
        if of == "user":
            yield f"{place}: {kind} {name} is owned by the person {who}; only a team owns things here"
        elif team_name(who):
            yield Claim(team_name(who), place, name=name.lower())
        else:
            yield f"{place}: {kind} {name} names no owner"
    elif kind == "Location":
        yield f"{place}: a Location is not followed; import the files that it names"
    elif kind != "User":
        yield f"{place}: kind {kind} says nothing of ownership"


def _reference(text: str) -> tuple[str, str]:
    """Kind and name of `[kind:][namespace/]name`."""
    kind, mark, rest = text.strip().partition(":")
    kind, rest = (kind.lower(), rest) if mark else ("group", kind)
    return kind, rest.rpartition("/")[2]


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else None
