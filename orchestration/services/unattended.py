"""Starts that nobody is there to see: by the clock or by an event.

Owns which version is started, with what input, and how a refusal becomes a sentence instead of an error. Never decides when.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import DatabaseError, transaction

from orchestration.errors import PlumblineError
from orchestration.limits import MAX_ERROR_TEXT
from orchestration.manifest import Expression, ExpressionError, Template, compile_expression, compile_template
from orchestration.models import Run
from orchestration.services.runs import MAX_KEY, start_run, version_in_range

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Started:
    """The run, or why there is none."""

    run: Run | None
    error: str = ""


def start_unattended(
    spec: Mapping[str, Any], scope: dict[str, Any], *, key: str, origin: str, detail: str, actor: Any = None
) -> Started:
    """Start what the `spec` of a Schedule or Trigger says, under the key. A refusal leaves the transaction usable.

    Raises only the database's errors: then nothing happened, and it is tried again.
    """
    try:
        with transaction.atomic():
            version, input = version_in_range(reference=spec["workflow"]), input_of(spec, scope)
            run, _ = start_run(version=version, input=input, key=key, actor=actor, origin=origin, detail=detail)
            return Started(run)
    except PlumblineError as error:
        return Started(None, str(error)[:MAX_ERROR_TEXT])
    except ExpressionError as error:
        return Started(None, f"the input can't be computed: {error}"[:MAX_ERROR_TEXT])
    except DatabaseError:
        raise
    except Exception as error:  # one that can't be started must not keep the others from it
        log.exception("unattended.start_failed", key=key)
        return Started(None, f"the start failed: {type(error).__name__}; the log has more")


def input_of(spec: Mapping[str, Any], scope: dict[str, Any]) -> Any:
    """The input with its expressions filled in; an empty object where there is none. Raises ExpressionError."""
    declared = spec.get("input")
    return {} if declared is None else template(declared).evaluate(scope)


def template(declared: Any) -> Template:
    """The compiled input."""
    return _template(json.dumps(declared))


@functools.lru_cache(maxsize=512)
def _template(text: str) -> Template:
    return compile_template(json.loads(text))


@functools.lru_cache(maxsize=512)
def condition(source: str) -> Expression:
    """The compiled `when` of a Trigger."""
    return compile_expression(source)


def fitting_key(prefix: str, rest: str) -> str:
    """An idempotency key of what came from outside: hashed where it is too long, or has what no key may have."""
    key = f"{prefix}{rest}"
    return key if len(key) <= MAX_KEY and key.isprintable() else prefix + hashlib.sha256(rest.encode()).hexdigest()
