"""Python functions that steps may call, by name.

`@task("shop.related_items")` registers one; the module must be listed in PLUMBLINE_TASK_MODULES. Owns the registry and
the context handed to functions. Never imports a module that the operator did not list.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

Function = Callable[[Any, "StepContext"], Any]


class TaskError(Exception):
    """Raise it in a task to fail with an error type of your own; `retryable=False` ends the tries."""

    def __init__(self, error_type: str, message: str, *, retryable: bool = True) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.retryable = retryable


@dataclass(frozen=True, slots=True)
class StepContext:
    """What a function may know of its step. `idempotency_key` is the same for every attempt."""

    run_id: str
    step: str
    attempt: int
    idempotency_key: str
    heartbeat: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Registered:
    """A function under its name."""

    name: str
    function: Function
    transactional: bool


_tasks: dict[str, Registered] = {}
_loaded: set[str] = set()


def task(name: str, *, transactional: bool = False) -> Callable[[Function], Function]:
    """Register a function. `transactional`: its own database writes commit with the step's result, exactly once."""

    def register(function: Function) -> Function:
        known = _tasks.get(name)
        if known is not None and known.function.__module__ != function.__module__:
            raise ValueError(
                f"task {name!r} is registered twice, in {known.function.__module__} and {function.__module__}"
            )
        _tasks[name] = Registered(name, function, transactional)
        return function

    return register


def find(name: str) -> Registered | None:
    """The registered task, or None."""
    for module in settings.PLUMBLINE.task_modules:
        if module not in _loaded:
            importlib.import_module(module)
            _loaded.add(module)
    return _tasks.get(name)


def names() -> list[str]:
    """Every registered name, for suggestions."""
    find("")
    return sorted(_tasks)
