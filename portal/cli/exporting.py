"""`plumbline export`: the portal's objectives as files of other tools.

Owns the form of the file: YAML for Prometheus, JSON for Grafana. The portal makes the content.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from .exits import ExitCode, Failure
from .session import Session, shared_options

_OUTPUT = click.option(
    "--output", "-o", "path", type=click.Path(dir_okay=False), metavar="FILE", help="Write to a file, not to stdout."
)


@click.group()
def export() -> None:
    """Objectives as rules and dashboards of other tools."""


@export.command()
@_OUTPUT
@shared_options
@click.pass_obj
def prometheus(session: Session, path: str | None) -> None:
    """Recording and alerting rules: multiwindow burn rates over what /metrics tells."""
    answer = _asked(session, "/exports/prometheus", "groups")
    _give(session, path, answer, answer_text(answer))


@export.command()
@_OUTPUT
@shared_options
@click.pass_obj
def grafana(session: Session, path: str | None) -> None:
    """A dashboard of budgets, burn rates and what workflows do."""
    answer = _asked(session, "/exports/grafana", "panels")
    _give(session, path, answer, json.dumps(answer, indent=2) + "\n")


def answer_text(answer: dict[str, Any]) -> str:
    """The rule file. Long expressions stay on one line."""
    from io import StringIO

    from ruamel.yaml import YAML

    yaml, text = YAML(typ="safe", pure=True), StringIO()
    yaml.default_flow_style, yaml.width = False, 100_000
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.dump(answer, text)
    return text.getvalue()


def _asked(session: Session, path: str, wanted: str) -> dict[str, Any]:
    answer = session.portal.get(path)
    if not isinstance(answer.get(wanted), list):
        raise Failure(f"{session.portal.url} sent no {wanted}", ExitCode.UNREACHABLE)
    return answer


def _give(session: Session, path: str | None, answer: dict[str, Any], text: str) -> None:
    if path is None:
        if session.as_json:
            session.printer.data(answer)
        else:
            click.echo(text, nl=False)
        return
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{path} can't be written: {error.strerror}", ExitCode.USAGE) from error
    if session.as_json:
        session.printer.data({"written": path})
    else:
        session.printer.say(f"written: {path}")
