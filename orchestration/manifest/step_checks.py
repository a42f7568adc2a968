"""What must fit together within one step: one kind, the fields that belong to it, a compensation that can be run.

Owns the rules between fields of a step. Works on plain documents; never looks at other steps.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from .models.steps import COMPENSATION_KINDS, KINDS
from .places import ELSEWHERE, mapping
from .problems import Finding, Path
from .scalars import parse_duration
from .templates import OPENING, split
from .values import JSON, ExpressionError

FALLBACK_KINDS = ("value", "last_good", "step", "skip")
_TAKE_WITH = ("python", "celery", "workflow")
#: Queues of the engine's own tasks, which no step may call.
OWN_QUEUES = frozenset({"steps", "control"})
_ENGINE_HEADERS = {"idempotency-key", "traceparent", "x-deadline", "host", "content-length", "transfer-encoding"}


def kinds_of(step: dict[str, Any], kinds: tuple[str, ...] = KINDS) -> list[str]:
    """The kinds a step gives; an empty field is none, except that `value` may be null."""
    return [kind for kind in kinds if kind in step and (step[kind] is not None or kind == "value")]


def check_step(name: str, step: dict[str, Any]) -> Iterator[Finding]:
    """Every rule within one step."""
    path: Path = ("spec", "steps", name)
    kinds = kinds_of(step)
    if len(kinds) != 1:
        yield Finding(path, f"a step has exactly one kind of {', '.join(KINDS)}; {_given(kinds)}", at_key=True)
    if "http" in kinds and step.get("dependency") is None:
        message = "an http step needs a 'dependency'; it gives the base_url"
        yield Finding(path, message, at_key=True)
    if step.get("with") is not None and not any(kind in kinds for kind in _TAKE_WITH):
        message = f"'with' is the input of a {', '.join(_TAKE_WITH)} step; this step has none of these kinds"
        yield Finding((*path, "with"), message, at_key=True)
    yield from _check_http((*path, "http"), mapping(step.get("http")))
    yield from _check_wait((*path, "wait"), mapping(step.get("wait")))
    loop = mapping(step.get("for_each")).get("as")
    if isinstance(loop, str) and loop in ELSEWHERE:
        yield Finding(
            (*path, "for_each", "as"), f"'{loop}' already means something in expressions; choose another name"
        )
    yield from _check_waits(path, step)
    yield from _check_celery(path, step)
    if isinstance(step.get("compensate"), dict):
        yield from _check_compensation(path, step)
    if isinstance(step.get("fallback"), dict):
        yield from _check_fallback((*path, "fallback"), step["fallback"])
    if step.get("for_each") is not None and mapping(step.get("fallback")).get("step") is not None:
        message = "no step can stand in for a single item; fall back to 'value', 'last_good' or 'skip'"
        yield Finding((*path, "fallback", "step"), message, at_key=True)
    if mapping(step.get("flag")).get("when_off") == "fallback" and step.get("fallback") is None:
        message = "'when_off: fallback' needs a 'fallback' on the step; give it one, or say 'when_off: skip'"
        yield Finding((*path, "flag", "when_off"), message)
    if step.get("fallback") is not None and step.get("no_fallback") is not None:
        yield Finding(
            (*path, "no_fallback"), "the step has a fallback, so there is nothing to explain; remove one", at_key=True
        )


def _check_waits(path: Path, step: dict[str, Any]) -> Iterator[Finding]:
    """What an event and an approval need to be answered."""
    if isinstance(mapping(step.get("event")).get("correlation"), bool | list | dict):
        message = "wanted text or a number, such as ${{ input.order }}; an event is found by it"
        yield Finding((*path, "event", "correlation"), message)
    approval = mapping(step.get("approval"))
    if approval.get("on_timeout") is not None and approval.get("timeout") is None:
        message = "without a 'timeout' it waits for ever; set one, or remove 'on_timeout'"
        yield Finding((*path, "approval", "on_timeout"), message, at_key=True)


def _check_celery(path: Path, step: dict[str, Any]) -> Iterator[Finding]:
    """The task is on its own queue, and whom it calls is guarded there, if at all."""
    task = mapping(step.get("celery"))
    if task.get("queue") in OWN_QUEUES:
        message = f"'{task['queue']}' is a queue of Plumbline's own; name one that your app's workers take from"
        yield Finding((*path, "celery", "queue"), message)
    if task and step.get("dependency") is not None:
        message = "a celery step calls no dependency: what its task calls, nobody here can hold back; remove it"
        yield Finding((*path, "dependency"), message, at_key=True)


def _given(kinds: list[str]) -> str:
    return f"this one has {' and '.join(kinds)}" if kinds else "this one has none"


def _check_compensation(path: Path, step: dict[str, Any]) -> Iterator[Finding]:
    compensate, path = step["compensate"], (*path, "compensate")
    kinds = kinds_of(compensate, COMPENSATION_KINDS)
    if len(kinds) != 1:
        message = f"a compensation has exactly one of {', '.join(COMPENSATION_KINDS)}; {_given(kinds)}"
        yield Finding(path, message, at_key=True)
    if "http" in kinds and compensate.get("dependency") is None and step.get("dependency") is None:
        yield Finding(path, "an http compensation needs a 'dependency', its own or the step's", at_key=True)
    if compensate.get("with") is not None and "python" not in kinds:
        yield Finding((*path, "with"), "'with' is the input of a python compensation", at_key=True)
    yield from _check_http((*path, "http"), mapping(compensate.get("http")))


def _check_fallback(path: Path, fallback: dict[str, Any]) -> Iterator[Finding]:
    kinds = kinds_of(fallback, FALLBACK_KINDS)
    if len(kinds) != 1:
        yield Finding(path, f"a fallback has exactly one of {', '.join(FALLBACK_KINDS)}; {_given(kinds)}", at_key=True)
    for kind in ("last_good", "skip"):
        if fallback.get(kind) is False:
            yield Finding((*path, kind), f"'{kind}' is true or left out", at_key=True)


def _check_http(path: Path, request: dict[str, Any]) -> Iterator[Finding]:
    target = request.get("path")
    if isinstance(target, str) and (not target.startswith("/") or target.startswith("//")):
        yield Finding((*path, "path"), "a path begins with one '/'; the host comes from the Dependency's base_url")
    if isinstance(target, str) and ("?" in _literal(target) or "#" in _literal(target)):
        yield Finding((*path, "path"), "a path has no '?' or '#'; put parameters into 'query'")
    for header in mapping(request.get("headers")):
        if header.lower() in _ENGINE_HEADERS:
            yield Finding(
                (*path, "headers", header), f"the engine sets the header '{header}' itself; remove it", at_key=True
            )


def _literal(text: str) -> str:
    """The text without its expressions: what stands inside one is not part of the path."""
    try:
        return "".join(piece for piece in split(text) if isinstance(piece, str))
    except ExpressionError:
        return ""  # an expression that never ends is complained of where expressions are checked


def _check_wait(path: Path, wait: dict[str, Any]) -> Iterator[Finding]:
    given = kinds_of(wait, ("for", "until"))
    if wait and len(given) != 1:
        yield Finding(path, f"a wait has either 'for' or 'until'; {_given(given)}", at_key=True)
    for key, check in (("for", parse_duration), ("until", check_time)):
        value: JSON = wait.get(key)
        if not isinstance(value, str) or OPENING in value:
            continue
        try:
            check(value)
        except ValueError as error:
            yield Finding((*path, key), str(error))


def check_time(text: str) -> datetime:
    """A point in time with its zone; raises ValueError."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"wanted a time such as 2030-01-31T09:00:00Z; got '{text[:60]}'") from None
    if time.tzinfo is None:
        raise ValueError(f"'{text}' has no time zone; end it with Z or an offset such as +01:00")
    return time
