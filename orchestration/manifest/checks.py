"""What must fit together across a manifest: expressions, steps that exist, an order without a cycle.

Owns running every rule over a plain document, whatever its shape, so that all errors come in one go. Never looks at
other manifests; what other resources there are is the services' business.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from .graph import Ancestors, cycles
from .places import Place, mapping, other_places, sequence, step_places
from .problems import MOST_PROBLEMS, Finding, suggestion
from .references import Read, check_place
from .stand_ins import check_stand_ins, read_of_stand_ins, stand_ins_of
from .step_checks import check_step
from .templates import OPENING
from .values import JSON

MOST_CYCLES = 20
LONGEST_CYCLE = 30


def check_document(document: JSON) -> list[Finding]:
    """Everything that is wrong between the parts of one document."""
    kind, spec = mapping(document).get("kind"), mapping(mapping(document).get("spec"))
    if not isinstance(kind, str):
        return []
    findings: list[Finding] = []
    steps = mapping(spec.get("steps")) if kind == "Workflow" else {}
    for place in other_places(kind, spec):
        check_place(place, steps, findings)
    if kind == "Workflow":
        _check_steps(steps, findings)
        findings.extend(_check_concurrency(spec.get("concurrency")))
    if kind == "Dependency":
        findings.extend(_check_base_url(spec.get("base_url")))
    if kind == "Team":
        findings.extend(_check_channels(spec))
    return findings


def _check_steps(steps: dict[str, Any], findings: list[Finding]) -> None:
    edges: dict[str, list[str]] = {}
    stand_ins = stand_ins_of(steps)
    findings.extend(check_stand_ins(steps, stand_ins))
    compensations: list[tuple[str, Read]] = []
    for name, step in steps.items():
        if len(findings) > MOST_PROBLEMS:
            return
        before: dict[str, None] = dict.fromkeys([stand_ins[name]] if stand_ins.get(name) in steps else [])
        if isinstance(step, dict):
            findings.extend(check_step(name, step))
            findings.extend(islice(_check_names(name, step, steps), MOST_PROBLEMS + 1))
            for place in step_places(name, step):
                read = check_place(place, steps, findings)
                findings.extend(read_of_stand_ins(name, read, stand_ins))
                if place.part == "compensate":
                    compensations.append((name, read))
                else:
                    before.update(dict.fromkeys(_edges_of(name, place, read)))
            before.update(dict.fromkeys(need for need in _needs(step) if need in steps))
        edges[name] = list(before)
    for cycle in islice(cycles(edges), MOST_CYCLES):
        shown = cycle if len(cycle) <= LONGEST_CYCLE else [*cycle[: LONGEST_CYCLE - 2], "…", cycle[-1]]
        message = f"the steps wait for each other: {' → '.join(shown)}; remove one of these references or needs"
        findings.append(Finding(("spec", "steps", cycle[0]), message, at_key=True))
    findings.extend(_check_compensations(compensations, edges))


def _edges_of(name: str, place: Place, read: Read) -> Iterator[str]:
    for other in read.steps:
        if other != name or place.part != "expect":
            yield other


def _needs(step: dict[str, Any]) -> list[str]:
    return [need for need in sequence(step.get("needs")) if isinstance(need, str)]


def _check_names(name: str, step: dict[str, Any], steps: dict[str, Any]) -> Iterator[Finding]:
    for index, need in enumerate(sequence(step.get("needs"))):
        if isinstance(need, str) and need not in steps:
            yield Finding(("spec", "steps", name, "needs", index), f"no step '{need[:60]}'{suggestion(need, steps)}")
    stand_in = mapping(step.get("fallback")).get("step")
    if isinstance(stand_in, str) and stand_in not in steps:
        path = ("spec", "steps", name, "fallback", "step")
        yield Finding(path, f"no step '{stand_in[:60]}'{suggestion(stand_in, steps)}")


def _check_compensations(compensations: list[tuple[str, Read]], edges: dict[str, list[str]]) -> Iterator[Finding]:
    if not any(read.steps.keys() - {name} for name, read in compensations):
        return
    ancestors = Ancestors(edges)
    for name, read in compensations:
        for other, path in read.steps.items():
            if other != name and not ancestors.comes_before(other, name):
                yield Finding(
                    path,
                    f"a compensation reads its own step and those before it; '{other}' does not come before '{name}'",
                )


def _check_concurrency(bounds: JSON) -> Iterator[Finding]:
    """What bounds nothing would be taken for a bound."""
    if not isinstance(bounds, dict):
        return
    path = ("spec", "concurrency")
    if "per_key" in bounds and "key" not in bounds:
        yield Finding(
            (*path, "per_key"), "'per_key' bounds the runs of each key; add `key`, such as ${{ input.tenant }}"
        )
    elif "key" in bounds and "per_key" not in bounds:
        yield Finding((*path, "key"), "'key' bounds nothing without `per_key`; add it")
    elif "limit" not in bounds and "per_key" not in bounds:
        yield Finding(path, "bounds nothing; add `limit`, or `key` with `per_key`")


def _check_base_url(url: JSON) -> Iterator[Finding]:
    if not isinstance(url, str) or url.startswith(OPENING):
        return
    literal = url.partition(OPENING)[0]
    if not literal.startswith(("http://", "https://")):
        yield Finding(("spec", "base_url"), "wanted a URL that begins with http:// or https://")
    elif "?" in literal or "#" in literal:
        yield Finding(("spec", "base_url"), "a base_url has no '?' or '#'; put parameters into the steps")
    elif "@" in literal:
        message = "a base_url holds no user or password; name a secret in 'authorization'"
        yield Finding(("spec", "base_url"), message)
    elif OPENING not in url and not _has_host(url):
        yield Finding(("spec", "base_url"), "the URL has no valid host")


def _check_channels(spec: dict[str, Any]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for index, channel in enumerate(sequence(spec.get("channels"))):
        url = mapping(channel).get("webhook")
        if isinstance(url, str) and first.setdefault(url, index) != index:
            message = f"stands in channels[{first[url]}] already; join the events of both into one channel"
            yield Finding(("spec", "channels", index, "webhook"), message)


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
