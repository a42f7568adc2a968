"""Checks what the expressions of a manifest read: roots that the place has, steps that exist, fields that a root has.

Owns compiling each expression once for a check and collecting its references. Never orders steps; the graph does.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from .expressions import compile_expression
from .places import ELSEWHERE, ROOT_FIELDS, Place, texts
from .problems import MOST_PROBLEMS, Finding, Path, suggestion
from .templates import OPENING, compile_template
from .values import ExpressionError

Reference = tuple[str, ...]


@dataclass(slots=True)
class Read:
    """What one place reads: the steps it names, each with where it names them."""

    place: Place
    steps: dict[str, Path] = field(default_factory=dict)


def references_in(place: Place) -> Iterator[tuple[Path, frozenset[Reference]]]:
    """The references of each text of a place; texts that can't be read are left out."""
    for path, references, _ in _compiled(place):
        yield path, references


def _compiled(place: Place) -> Iterator[tuple[Path, frozenset[Reference], ExpressionError | None]]:
    if place.bare and not isinstance(place.value, str):
        return
    for path, text in texts(place.value, place.path):
        try:
            if place.bare and OPENING in text:
                raise ExpressionError("write the expression bare here, without ${{ }}")
            compiled = compile_expression(text) if place.bare else compile_template(text)
        except ExpressionError as error:
            yield path, frozenset(), error
        else:
            yield path, compiled.references, None


def check_place(place: Place, steps: Collection[str], findings: list[Finding]) -> Read:
    """Check every expression of a place; what it reads is the return, what is wrong goes into `findings`."""
    read = Read(place)
    findings.extend(_expressions_in_keys(place))
    for path, references, error in _compiled(place):
        if len(findings) > MOST_PROBLEMS:
            break
        if error:
            findings.append(Finding(path, error.message))
        for reference in sorted(references):
            message = _refused(reference, place, steps)
            if message:
                findings.append(Finding(path, message))
            elif reference[0] == "steps":
                read.steps.setdefault(reference[1], path)
    return read


def _expressions_in_keys(place: Place) -> Iterator[Finding]:
    pending = [(place.path, place.value)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, list):
            pending.extend(((*path, index), item) for index, item in enumerate(value))
        elif isinstance(value, dict):
            for key, member in value.items():
                pending.append(((*path, key), member))
                if OPENING in key:
                    message = "an expression can stand in a value, not in a key"
                    yield Finding((*path, key), message, at_key=True)


def _refused(reference: Reference, place: Place, steps: Collection[str]) -> str:
    root = reference[0]
    if root not in place.roots:
        if root in ELSEWHERE:
            return ELSEWHERE[root]
        if root in steps and "steps" in place.roots:
            return f"no name '{root}'; a step's output is read as steps.{root}.output"
        known = sorted(place.roots)
        hint = suggestion(root, known) or (
            f"; there are: {', '.join(known)}" if known else "; nothing can be read here"
        )
        return f"no name '{root[:60]}'{hint}"
    if root == "steps":
        return _refused_step(reference, steps)
    fields = ROOT_FIELDS.get(root)
    if fields and len(reference) > 1 and reference[1] not in fields:
        hint = suggestion(reference[1], fields) or f"; there are: {', '.join(sorted(fields))}"
        return f"'{root}' has no field '{reference[1][:60]}'{hint}"
    return ""


def _refused_step(reference: Reference, steps: Collection[str]) -> str:
    if len(reference) == 1:
        return "name the step that is read: steps.<name>.output"
    name = reference[1]
    if name not in steps:
        return f"no step '{name[:60]}'{suggestion(name, steps)}"
    if len(reference) == 2 or reference[2] != "output":
        return f"of a step its output can be read: steps.{name}.output"
    return ""
