"""`plumbline registry copy SOURCE`: an existing schema registry into the portal, with ids, numbers, levels and settings kept.

Owns the order in which things are copied and the report. May be run again: what is there already is passed over. Both sides are
asked over the API that all such registries have.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import click

from .exits import ExitCode, Failure
from .plain import count
from .registry_client import Refused, Registry, at, registry_at
from .session import Session, shared_options

NOTHING_SET = (40401, 40408, 40409)


@dataclass(frozen=True, slots=True)
class Version:
    """One to copy, as the source has it."""

    subject: str
    number: int
    id: int
    body: dict[str, Any] = field(compare=False)
    is_deleted: bool

    @property
    def name(self) -> str:
        return f"{self.subject} version {self.number} (id {self.id})"


@dataclass
class Outcome:
    """What came of it."""

    counts: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[str, str]] = field(default_factory=list)
    #: What is set there for all subjects, and not here.
    left_for_all: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        failed = [{"what": what, "why": why} for what, why in self.failed]
        return {**self.counts, "failed": failed, "left_for_all": self.left_for_all}


@click.group(name="registry")
def registry() -> None:
    """Work with schema registries."""


@registry.command(name="copy")
@click.argument("source", metavar="SOURCE")
@click.option("--source-user", metavar="NAME:PASSWORD", envvar="PLUMBLINE_SOURCE_USER", default="",
              help="Who asks the source, by basic auth. [env: PLUMBLINE_SOURCE_USER]")  # fmt: skip
@click.option("--team", metavar="TEAM", default="", help="The team that is to own what is new. [default: the token's]")
@click.option("--prefix", metavar="TEXT", default="", help="Only subjects whose names begin so.")
@click.option("--for-all", is_flag=True,
              help="Set what is set there for all subjects here too, for every subject. Takes an admin.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be copied, and change nothing.")
@shared_options
@click.pass_obj
def copy(  # noqa: PLR0917 - an option each
    session: Session, source: str, source_user: str, team: str, prefix: str, for_all: bool, dry_run: bool
) -> None:
    """Copy a schema registry: every version of every subject, deleted ones too, with ids, numbers, levels and settings.

    \b
    A version that can't be copied never stops the others; it is told at the end. Run it again when that is mended.
    Exit codes: 0 all copied · 1 some not · 2 usage · 3 not permitted · 5 no registry answers
    """
    theirs = registry_at(source, source_user)
    ours = Registry(f"{session.portal.url}/registry", (team or "registry", session.portal.token))
    subjects = sorted(one for one in theirs.get("/subjects?deleted=true") if one.startswith(prefix))
    found = [one for subject in subjects for one in _versions(theirs, subject)]
    outcome = Outcome()
    if dry_run:
        outcome.counts.update(subjects=len(subjects), versions=len(found))
    else:
        _copy(theirs, ours, subjects, found, outcome)
        _copy_config_for_all(theirs, ours, outcome, wanted=for_all)
    if session.as_json:
        session.printer.data(outcome.as_dict())
    else:
        _tell(session, outcome, dry_run=dry_run)
    if outcome.failed:
        raise click.exceptions.Exit(int(ExitCode.NO))


def _versions(theirs: Registry, subject: str) -> Iterator[Version]:
    """All of a subject; those that are soft-deleted are marked."""
    path = at("subjects", subject, "versions")
    try:
        live = set(theirs.get(path))
    except Refused as error:
        if error.code not in NOTHING_SET:
            raise
        live = set()
    for number in theirs.get(f"{path}?deleted=true"):
        told = theirs.get(f"{path}/{number}?deleted=true")
        if not isinstance(told, dict) or not isinstance(told.get("id"), int) or not isinstance(told.get("schema"), str):
            raise Failure(f"{theirs.url}{path}/{number} is no version of a schema", ExitCode.UNREACHABLE)
        body = {
            key: told[key] for key in ("schema", "schemaType", "references", "metadata", "ruleSet") if told.get(key)
        }
        yield Version(subject, number, told["id"], body, number not in live)


def _copy(theirs: Registry, ours: Registry, subjects: list[str], found: list[Version], outcome: Outcome) -> None:
    before: dict[str, str] = {}
    try:
        for subject in subjects:
            _open(ours, subject, before, outcome)
        _copy_versions(ours, [one for one in found if one.subject in before], outcome)
    finally:
        for (
            subject,
            mode,
        ) in before.items():  # whatever happened: else nothing that is registered later would be compared
            _close(ours, subject, mode, outcome)
    for subject in before:
        _copy_config(theirs, ours, subject, outcome)
        outcome.counts["subjects"] += 1


def _open(ours: Registry, subject: str, before: dict[str, str], outcome: Outcome) -> None:
    """Let ids and numbers be brought; the mode of before is noted, where it may be."""
    try:
        mode = str(ours.get(at("mode", subject))["mode"])
    except Refused:
        mode = ""
    try:
        ours.ask("PUT", at("mode", subject) + "?force=true", {"mode": "IMPORT"})
        before[subject] = mode
    except (Refused, Failure) as error:
        outcome.failed.append((f"subject {subject}", str(error)))


def _close(ours: Registry, subject: str, mode: str, outcome: Outcome) -> None:
    try:
        if mode:
            ours.ask("PUT", at("mode", subject) + "?force=true", {"mode": mode})
        else:
            ours.ask("DELETE", at("mode", subject))
    except (Refused, Failure) as error:
        outcome.failed.append((f"mode of {subject}, which may still be IMPORT", str(error)))


def _copy_versions(ours: Registry, found: list[Version], outcome: Outcome) -> None:
    """Of each subject in order, so that the newest is the highest; in rounds, since one may refer to what comes later. When
    nothing more comes in order, what can come at all comes after what can't.
    """
    left = sorted(found, key=lambda one: (one.subject, one.number))
    refusals: dict[Version, str] = {}
    in_order = True
    while left:
        refusals = {}
        behind: set[str] = set()
        for one in left:
            if in_order and one.subject in behind:
                refusals[one] = "what comes before it could not be copied"
                continue
            if one.is_deleted and _is_there(ours, one):  # to bring it again would make it new, and delete it again
                outcome.counts["versions"] += 1
                continue
            try:
                ours.ask(
                    "POST", at("subjects", one.subject, "versions"), {**one.body, "id": one.id, "version": one.number}
                )
                outcome.counts["versions"] += 1
            except Refused as error:
                refusals[one] = str(error)
                behind.add(one.subject)
        stuck = len(refusals) == len(left)
        if stuck and not in_order:
            break
        in_order, left = in_order and not stuck, list(refusals)
    outcome.failed += [(one.name, why) for one, why in refusals.items()]
    for one in found:
        if one.is_deleted and one not in refusals:
            _delete(ours, one, outcome)


def _is_there(ours: Registry, one: Version) -> bool:
    try:
        return bool(
            ours.get(at("subjects", one.subject, "versions", str(one.number)) + "?deleted=true").get("id") == one.id
        )
    except Refused:
        return False


def _delete(ours: Registry, one: Version, outcome: Outcome) -> None:
    try:
        ours.ask("DELETE", at("subjects", one.subject, "versions", str(one.number)))
        outcome.counts["deleted"] += 1
    except Refused as error:
        if error.code != 40406:  # it is deleted already
            outcome.failed.append((one.name, str(error)))


def _copy_config(theirs: Registry, ours: Registry, subject: str, outcome: Outcome) -> None:
    """Level and settings, each by itself: one that is not kept here takes no other along."""
    try:
        found = theirs.get(at("config", subject))
    except Refused as error:
        if error.code not in NOTHING_SET:
            outcome.failed.append((f"configuration of {subject}", str(error)))
        return
    _set(ours, at("config", subject), found, f"of {subject}", outcome)


def _copy_config_for_all(theirs: Registry, ours: Registry, outcome: Outcome, *, wanted: bool) -> None:
    """Where it isn't wanted, it is told what differs: here it would hold for subjects from elsewhere too."""
    try:
        there, here = theirs.get(at("config")), ours.get(at("config"))
    except (Refused, Failure) as error:
        if wanted and getattr(error, "code", None) not in NOTHING_SET:
            outcome.failed.append(("configuration for all", str(error)))
        return
    if not isinstance(there, dict):
        return
    differing = {name: value for name, value in there.items() if value is not None and here.get(name) != value}
    if wanted:
        _set(ours, at("config"), differing, "for all", outcome)
    else:
        outcome.left_for_all = differing


def _set(ours: Registry, path: str, found: dict[str, Any], whose: str, outcome: Outcome) -> None:
    """Each by itself. What is switched off, or empty, is said too: it may be otherwise for all."""
    for name, value in found.items():
        is_level = name == "compatibilityLevel"
        try:
            if value is not None:
                ours.ask("PUT", path, {"compatibility" if is_level else name: value})
                outcome.counts["levels" if is_level else "settings"] += 1
        except (Refused, Failure) as error:  # what is set for all takes an admin
            outcome.failed.append((f"{'level' if is_level else name} {whose}", str(error)))


def _tell(session: Session, outcome: Outcome, *, dry_run: bool) -> None:
    say = session.printer.say
    counts = outcome.counts
    what = f"{count(counts['versions'], 'version')} of {count(counts['subjects'], 'subject')}"
    say(f"{'would copy' if dry_run else 'copied'} {what}", style="green")
    if counts["deleted"]:
        say(f"  · {counts['deleted']} of them are soft-deleted, as they were")
    if counts["levels"]:
        say(f"  · {count(counts['levels'], 'level')} of compatibility")
    if counts["settings"]:
        say(f"  · {count(counts['settings'], 'setting')} beside those")
    if outcome.left_for_all:
        told = ", ".join(f"{name} {json.dumps(value)}" for name, value in sorted(outcome.left_for_all.items()))
        say(f"  · set there for all subjects and not here: {told}; --for-all sets it here", style="yellow")
    for name, why in outcome.failed:
        say(f"  ✗ {name}: {why}", style="bold red")
