"""`manage.py draw_states`: writes docs/states.md, the diagrams of every state, from the tables of orchestration/states.py.

Owns that page. Never decides a transition.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Collection, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orchestration import states
from portal.config import ROOT

PAGE = ROOT / "docs" / "states.md"
HEAD = """\
# States

Generated from the tables in `orchestration/states.py` by `manage.py draw_states`; a test holds the two together.
`orchestration/engine/transition.py` is the only writer of these columns, by compare-and-set.
"""


class Command(BaseCommand):
    """Write the page, or say that it is out of date."""

    help = "Writes docs/states.md from the tables of states."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """See BaseCommand."""
        parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is out of date")

    def handle(self, *_: Any, check: bool, **__: Any) -> None:
        """See BaseCommand."""
        if not check:
            PAGE.write_text(page(), encoding="utf-8")
        elif not _is_current(PAGE):
            raise CommandError("docs/states.md is out of date; run: python manage.py draw_states")


def page() -> str:
    """The whole page, as Markdown with mermaid diagrams."""
    results = ", ".join(f"`{result}`" for result in states.RunResult if result)
    kinds = ", ".join(f"`{kind}`" for kind in states.WaitingKind if kind)
    return "\n".join(
        [
            HEAD,
            _section("A run: `status`", states.RUN_TRANSITIONS, states.RUN_INITIAL),
            f"What it came to is `result`, set once with `finished`: {results}.\n",
            _section("A step: `status`", states.STEP_TRANSITIONS, states.STEP_INITIAL),
            "Before its predecessors are over a step has no row: it is drawn as pending. It begins as succeeded or degraded",
            "where a retried run reuses it, and as failed where its `when` could not be evaluated.",
            f"A waiting step says what for: {kinds}.\n",
            _section(
                "What is undone: `compensation`, of a run and of each step",
                states.COMPENSATION_TRANSITIONS,
                [states.Compensation.NONE],
            ),
        ]
    )


def _section(title: str, table: Mapping[Any, Collection[Any]], initial: Collection[StrEnum]) -> str:
    lines = [f"## {title}", "", "```mermaid", "stateDiagram-v2"]
    lines += [f"    [*] --> {state}" for state in table if state in initial]
    for source, targets in table.items():
        lines += [f"    {source} --> {target}" for target in table if target in targets]
    lines += [f"    {state} --> [*]" for state, targets in table.items() if not targets]
    return "\n".join([*lines, "```", ""])


def _is_current(path: Path) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == page()
