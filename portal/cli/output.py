"""Where words go: the answer to stdout, remarks to stderr, and under `--json` one document on stdout and nothing else.

Owns the consoles. Text is printed as it is, never read as markup. Output that goes to a file or a pipe is neither
coloured nor cut to a width.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from .plain import clean

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

#: Wide enough that no line of a table is folded in a pipe.
PIPE_WIDTH = 10_000


class Printer:
    """One command's output."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def data(self, value: Any) -> None:
        """The answer for a machine. ASCII only, so that no terminal or locale can spoil it."""
        click.echo(json.dumps(value, indent=2, ensure_ascii=True))

    def say(self, text: str = "", style: str = "") -> None:
        """A line of the answer for a person; nothing under `--json`."""
        if not self.as_json:
            self.out.print(clean(text), style=style or None, soft_wrap=True)

    def show(self, what: RenderableType) -> None:
        """A table or other renderable of the answer; nothing under `--json`."""
        if not self.as_json:
            self.out.print(what)

    def remark(self, text: str, style: str = "") -> None:
        """A line beside the answer, on stderr, also under `--json`."""
        self.err.print(clean(text), style=style or None, soft_wrap=True)

    @cached_property
    def out(self) -> Console:
        return _console(stderr=False)

    @cached_property
    def err(self) -> Console:
        return _console(stderr=True)


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], *, fixed: Sequence[str] = ()) -> RenderableType:
    """A quiet table. Columns named in `fixed` are never folded: ids are copied from them."""
    from rich.table import Table
    from rich.text import Text

    built = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for head in heads:
        built.add_column(head, no_wrap=head in fixed, overflow="fold")
    for row in rows:
        built.add_row(*(cell if isinstance(cell, Text) else Text(clean(cell)) for cell in row))
    return built


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)
