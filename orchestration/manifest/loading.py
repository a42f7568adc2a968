"""From text to resources: the one door by which manifests come in.

Owns running every check and putting each problem at its place. Never raises on bad input; a text with any problem gives
what resources it can, and the caller decides by `problems`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from .canonical import canonical_form, hash_of
from .checks import check_document
from .models import Document
from .nodes import Node, locate, plain
from .problems import MOST_PROBLEMS, Finding, Problem, read_path, write_path
from .reading import read
from .shape import check_shape
from .values import JSON


@dataclass(frozen=True, slots=True)
class Resource:
    """One valid manifest. `document` is as written, `canonical` its normal form, `model` and `spec` its typed form."""

    kind: str
    name: str
    version: str | None
    owner: str | None
    document: dict[str, JSON]
    canonical: dict[str, JSON]
    content_hash: str
    model: Document
    source: str
    line: int
    _root: Node = field(repr=False, compare=False)

    @property
    def spec(self) -> JSON:
        return self.model.spec

    @property
    def description(self) -> str:
        """`metadata.description`, empty where there is none."""
        return str(self.model.metadata.description or "")

    def problem_at(self, path: str, message: str) -> Problem:
        """A problem at a path such as `steps.ship.needs[0]` or `metadata.owner`, with the place it has in the text."""
        parts = read_path(path)
        line, column = locate(self._root, parts)
        return Problem(self.source, line, column, write_path(parts), message)


@dataclass(frozen=True, slots=True)
class Loaded:
    resources: tuple[Resource, ...]
    problems: tuple[Problem, ...]


def load(text: str, source: str = "<text>") -> Loaded:
    """Read manifests out of YAML text with one or more documents."""
    roots, problems = read(text, source)
    resources: list[Resource] = []
    for root in roots:
        if root.kind == "scalar" and root.value is None:
            continue
        resource, found = _load_document(root, source)
        problems += found
        if resource:
            resources.append(resource)
    problems += _twice(resources)
    if not resources and not problems:
        problems.append(Problem(source, 1, 1, "", "holds no manifest; begin with 'apiVersion: plumbline/v1'"))
    return Loaded(tuple(resources), tuple(_limited(problems)))


def _load_document(root: Node, source: str) -> tuple[Resource | None, list[Problem]]:
    document = plain(root)
    model, findings = check_shape(document)
    findings += check_document(document)
    if model is None or findings:
        return None, [_placed(finding, root, source) for finding in findings]
    canonical = canonical_form(model)
    metadata = canonical["metadata"]
    resource = Resource(
        kind=canonical["kind"],
        name=metadata["name"],
        version=metadata.get("version"),
        owner=metadata.get("owner"),
        document=document,
        canonical=canonical,
        content_hash=hash_of(canonical),
        model=model,
        source=source,
        line=root.line,
        _root=root,
    )
    return resource, []


def _placed(finding: Finding, root: Node, source: str) -> Problem:
    line, column = locate(root, finding.path, finding.at_key)
    return Problem(source, line, column, write_path(finding.path), finding.message)


def _twice(resources: list[Resource]) -> Iterator[Problem]:
    seen: dict[tuple[str, str, str | None], Resource] = {}
    for resource in resources:
        first = seen.setdefault((resource.kind, resource.name, resource.version), resource)
        if first is not resource:
            named = " ".join(part for part in (resource.kind, resource.name, resource.version) if part)
            yield resource.problem_at("metadata.name", f"{named} is already in line {first.line}; keep one of them")


def _limited(problems: list[Problem]) -> Iterator[Problem]:
    ordered = sorted(dict.fromkeys(problems), key=lambda problem: (problem.line, problem.column))
    yield from islice(ordered, MOST_PROBLEMS)
    if len(ordered) > MOST_PROBLEMS:
        last = ordered[MOST_PROBLEMS]
        yield Problem(last.source, last.line, last.column, "", "and more problems from here on; mend these first")
