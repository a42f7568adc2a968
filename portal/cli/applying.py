"""`plumbline plan`, `apply` and `diff`: what would change, changing it, and what changed.

Owns showing changes and asking before they are made. The portal is the judge of the manifests: it may be newer than
this command, so nothing is refused here that the portal could take.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import click

from .exits import ExitCode, Failure, problem_line
from .files import read_documents
from .origin import origin_of
from .output import Printer
from .plain import clean, count
from .session import Session, reason_option, shared_options

_MARKS = {
    "create": ("+", "green"), "publish": ("+", "green"), "propose": ("?", "magenta"), "update": ("~", "yellow"),
    "unchanged": ("=", "dim"),
}  # fmt: skip
_PLANNED = {"create": "to create", "publish": "to publish", "propose": "to propose", "update": "to update"}
_APPLIED = {"create": "created", "publish": "published", "propose": "proposed", "update": "updated"}
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@shared_options
@click.pass_obj
def plan(session: Session, paths: tuple[str, ...]) -> None:
    """Show what applying the manifests would change. Changes nothing."""
    changes = _planned(session, _documents(paths))
    if session.as_json:
        session.printer.data({"changes": changes})
    else:
        _show(session.printer, changes)


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@reason_option
@click.option("--yes", is_flag=True, help="Don't ask. Without a terminal nobody is asked.")
@shared_options
@click.pass_obj
def apply(session: Session, paths: tuple[str, ...], reason: str, yes: bool) -> None:
    """Apply the manifests: all of them or none.

    Shows what would change and asks first.
    """
    # Read once: what is applied is what was shown, even if somebody saves a file meanwhile.
    documents = _documents(paths)
    origin, changes = origin_of(paths), _planned(session, documents)
    ask = not yes and is_interactive()
    if ask or not session.as_json:
        # Under --json stdout is the machine's; who is asked still has to see what about.
        _show(session.printer, changes, beside=session.as_json)
    wanted = any(change.get("action") != "unchanged" for change in changes)
    if wanted:
        if ask and not click.confirm("Apply?", err=True):
            raise Failure("not applied: you said no", ExitCode.NO, code="declined")
        body = {"documents": documents, "reason": reason, "source": origin}
        changes = _changes(_sent(session, "/manifests/apply", body, repeatable=False))
    if session.as_json:
        session.printer.data({"applied": wanted, "changes": changes})
        return
    session.printer.say(
        f"Applied: {_tally(changes, _APPLIED)}." if wanted else "Nothing to apply: everything is as it should be."
    )


@click.command()
@click.argument("workflow")
@click.argument("old", required=False, metavar="[FROM]")
@click.argument("new", required=False, metavar="[TO]")
@shared_options
@click.pass_obj
def diff(session: Session, workflow: str, old: str | None, new: str | None) -> None:
    """Show what changed between two versions.

    Without TO it is the newest; without FROM, the one before the newest.
    """
    if not workflow.strip("."):
        raise click.BadParameter(f"{workflow!r} is no name of a workflow", param_hint="WORKFLOW")
    path = f"/workflows/{quote(workflow, safe='')}"
    if old is None or new is None:
        old, new = _versions(session, workflow, f"{path}/versions", old)
    answer = session.portal.get(f"{path}/diff", {"from": old, "to": new})
    if session.as_json:
        session.printer.data(answer)
        return
    differences = _items(answer, "differences")
    session.printer.say(f"{workflow} {old} → {new}: {count(len(differences), 'difference')}", style="bold")
    for difference in differences:
        session.printer.say(f"  {_difference(difference)}")


def is_interactive() -> bool:
    """Whether somebody sits there who can answer."""
    return sys.stdin.isatty()


def _documents(paths: Sequence[str]) -> list[dict[str, str]]:
    return [document.as_dict() for document in read_documents(paths)]


def _planned(session: Session, documents: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    return _changes(_sent(session, "/manifests/plan", {"documents": list(documents)}, repeatable=True))


def _sent(session: Session, path: str, body: Mapping[str, Any], *, repeatable: bool) -> dict[str, Any]:
    """The portal's answer. A file that it can't even take is named as it is called here, not by its number."""
    try:
        return session.portal.post(path, body, repeatable=repeatable).value
    except Failure as failure:
        place = re.match(r"documents\.(\d+)\.\w+: ", failure.message)
        if place is None or int(place[1]) >= len(body["documents"]):
            raise
        source = body["documents"][int(place[1])]["source"]
        message = f"{source}: {failure.message[place.end() :]}"
        remedy = f"`plumbline validate {source}` says where"
        raise Failure(message, ExitCode(failure.exit_code), remedy=remedy, code=failure.code) from failure


def _changes(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    return _items(answer, "changes")


def _items(answer: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    items = answer.get(name)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        remedy = "this command and the portal may be of different releases; compare `plumbline --version`"
        raise Failure(f"the portal's answer has no {name}", ExitCode.UNREACHABLE, remedy=remedy)
    return items


def _versions(session: Session, workflow: str, path: str, old: str | None) -> tuple[str, str]:
    """From the named version to the newest, or from the one before the newest."""
    from orchestration.versions import precedence

    known = [str(item.get("version")) for item in session.portal.pages(path, {}, None)]
    try:
        ordered = sorted(known, key=precedence)
    except ValueError as error:
        raise Failure(f"{workflow} has a version that is none: {error}", ExitCode.UNREACHABLE) from error
    if len(ordered) < (1 if old else 2):
        has = f"only version {ordered[0]}" if ordered else "no version"
        raise Failure(f"{workflow} has {has}; there is nothing to compare", ExitCode.NO)
    return old or ordered[-2], ordered[-1]


def _show(printer: Printer, changes: Sequence[Mapping[str, Any]], *, beside: bool = False) -> None:
    console = printer.err if beside else printer.out
    for change in changes:
        mark, style = _MARKS.get(str(change.get("action")), ("?", ""))
        named = " ".join(str(change[part]) for part in ("kind", "name", "version") if change.get(part))
        console.print(clean(f"{mark} {change.get('action')} {named}"), style=style or None, soft_wrap=True)
        for difference in change.get("differences") or ():
            console.print(clean(f"    {_difference(difference)}"), soft_wrap=True)
        for notice in change.get("notices") or ():
            console.print(clean(f"    notice: {problem_line(notice)}"), style="dim", soft_wrap=True)
    console.print(f"Plan: {_tally(changes, _PLANNED)}.", soft_wrap=True)


def _difference(difference: Mapping[str, Any]) -> str:
    return f"{_SIGNS.get(str(difference.get('kind')), ' ')} {difference.get('sentence') or difference.get('path')}"


def _tally(changes: Sequence[Mapping[str, Any]], words: Mapping[str, str]) -> str:
    """`1 to publish, 2 unchanged`."""
    actions = [str(change.get("action")) for change in changes]
    parts = [f"{actions.count(action)} {words.get(action, action)}" for action in dict.fromkeys(actions)]
    return ", ".join(parts) or "no manifest"
