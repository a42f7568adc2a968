"""How a command ends: the exit codes that docs/cli.md promises, and the one exception that carries them.

Owns how an error reads on stderr and in `--json`. Never decides what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import IO, Any

import click

from .plain import clean


class ExitCode(IntEnum):
    """Stable: pipelines branch on them."""

    OK = 0
    NO = 1
    USAGE = 2
    NOT_PERMITTED = 3
    NOT_FOUND = 4
    UNREACHABLE = 5
    INTERRUPTED = 130


class Failure(click.ClickException):
    """The end of a command that did not do what was asked: what is wrong, where, and what to do about it."""

    def __init__(
        self,
        message: str,
        exit_code: ExitCode,
        *,
        remedy: str = "",
        code: str = "",
        problems: Sequence[Mapping[str, Any]] = (),
        violations: Sequence[Mapping[str, Any]] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.exit_code = int(exit_code)  # type: ignore[misc]  # click reads it from the instance
        self.remedy = remedy
        self.code = code or exit_code.name.lower()
        self.problems = tuple(problems)
        self.violations = tuple(violations)
        self.extra = dict(extra or {})

    def show(self, file: IO[Any] | None = None) -> None:
        """Everything that is wrong, each with its place, then what to do; on stderr."""
        for line in self._lines():
            click.echo(clean(line), file=file, err=file is None)

    def _lines(self) -> list[str]:
        lines = [problem_line(problem) for problem in self.problems]
        lines.append(f"Error: {self.message}")
        lines += [f"  {violation.get('pointer') or '/'}: {violation.get('message')}" for violation in self.violations]
        return [*lines, f"  {self.remedy}"] if self.remedy else lines

    def as_dict(self) -> dict[str, Any]:
        """The object under `error` that `--json` prints on stdout."""
        body: dict[str, Any] = {"exit_code": self.exit_code, "code": self.code, "message": self.message}
        if self.remedy:
            body["remedy"] = self.remedy
        if self.problems:
            body["problems"] = [dict(problem) for problem in self.problems]
        if self.violations:
            body["violations"] = [dict(violation) for violation in self.violations]
        return body | self.extra


def problem_line(problem: Mapping[str, Any]) -> str:
    """`orders.yaml:41:9 steps.ship.needs[0]: no step 'chrage'; did you mean 'charge'?`"""
    place = f"{problem.get('source')}:{problem.get('line')}:{problem.get('column')}"
    path = problem.get("path")
    return f"{place} {path}: {problem.get('message')}" if path else f"{place}: {problem.get('message')}"
