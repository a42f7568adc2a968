"""`plumbline check contract`, `check openapi` and `check avro`: may this version be published, and if not, what does it break?

Owns the answers' words and these commands' own exit codes: 0 safe, 1 breaking, 2 usage or unreadable input, 3 undecided.
With `--old`, and of the other formats always, two files are compared here, without a portal; otherwise the portal compares
with what is published there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from .exits import ExitCode, Failure
from .files import read_data, read_documents
from .plain import count
from .session import Session, shared_options

UNDECIDED = 3
_CODES = {"safe": 0, "breaking": 1, "undecided": UNDECIDED}
_STYLES = {"safe": "green", "breaking": "bold red", "undecided": "yellow"}


@click.group()
def check() -> None:
    """Check what a pipeline is about to publish."""


@check.command()
@click.argument("path", metavar="FILE")
@click.option("--old", metavar="FILE", help="Compare with the contract in this file, here and without a portal.")
@shared_options
@click.pass_obj
def contract(session: Session, path: str, old: str | None) -> None:
    """Compare a contract with the version before it.

    \b
    FILE is a manifest with one Contract.
    Exit codes: 0 safe · 1 breaking, or the version says less than the change is · 2 usage or unreadable input
                3 undecided: a person must look
    """
    try:
        new = _contract(path)
        answer = _compared(_contract(old), new) if old else _asked(session, new)
    except Failure as failure:
        if failure.exit_code == ExitCode.NOT_PERMITTED:  # 3 says something else here
            failure.exit_code = int(ExitCode.USAGE)  # type: ignore[misc]
        raise
    if session.as_json:
        session.printer.data(answer)
    else:
        _tell(session, new, answer)
    code = _CODES[answer["verdict"]] or int(not answer["is_enough"])
    if code:
        raise click.exceptions.Exit(code)


@check.command()
@click.argument("base", metavar="BASE")
@click.argument("revision", metavar="REVISION")
@shared_options
@click.pass_obj
def openapi(session: Session, base: str, revision: str) -> None:
    """Compare two OpenAPI documents: may whoever calls the one call the other?

    \b
    BASE and REVISION are OpenAPI 3.0 or 3.1, as JSON or YAML; nothing is sent to a portal.
    Exit codes: 0 safe · 1 breaking · 2 usage or unreadable input · 3 undecided: a person must look
    """
    from governance.contracts import compare_openapi

    _files_compared(session, base, revision, compare_openapi)


@check.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--level", type=click.Choice(["BACKWARD", "FORWARD", "FULL"]), default="BACKWARD", show_default=True, help="Who reads whom.",
)  # fmt: skip
@shared_options
@click.pass_obj
def avro(session: Session, old: str, new: str, level: str) -> None:
    """Compare two Avro schemas: can readers with the one read what was written with the other?

    \b
    OLD and NEW are Avro schemas, as JSON or YAML; nothing is sent to a portal.
    Exit codes: 0 safe · 1 breaking · 2 usage or unreadable input · 3 undecided: a person must look
    """
    from governance.contracts.avro_schemas import compare_avro

    _files_compared(session, old, new, lambda before, after: compare_avro(before, after, level=level))


def _files_compared(session: Session, old: str, new: str, compared: Callable[[Any, Any], Any]) -> None:
    """Two files compared here, told or printed; exits with the verdict's code."""
    from governance.contracts import InvalidSchema

    try:
        report = compared(read_data(old), read_data(new))
    except InvalidSchema as error:
        raise Failure(str(error), ExitCode.USAGE, code="unreadable") from error
    if session.as_json:
        session.printer.data(_answer_of(report))
    else:
        session.printer.say(f"{report.verdict}: {old} → {new}", style=_STYLES[report.verdict])
        _tell_findings(session, _answer_of(report))
        if report.has_witness:
            session.printer.say(f"  at {report.complaint[0]}: {report.complaint[1]}")
    if _CODES[report.verdict]:
        raise click.exceptions.Exit(_CODES[report.verdict])


def _contract(path: str) -> Any:
    """The one contract in a file, with its spec in the normal form."""
    from orchestration.manifest import load

    [document] = read_documents([path])
    loaded = load(document.text, document.source)
    if loaded.problems:
        problems = [problem.as_dict() for problem in loaded.problems]
        raise Failure(f"{path} can't be read", ExitCode.USAGE, problems=problems, code="unreadable")
    found = [resource for resource in loaded.resources if resource.kind == "Contract"]
    if len(found) != 1:
        raise Failure(f"{path} has {count(len(found), 'contract')}; the check takes a file with one", ExitCode.USAGE)
    return found[0]


def _asked(session: Session, new: Any) -> dict[str, Any]:
    spec = new.canonical["spec"]
    body = {
        "name": new.name, "version": new.version, "owner": new.owner, "document": spec["schema"],
        "policy": spec.get("policy", "tolerant"), "compatibility": spec.get("compatibility"),
    }  # fmt: skip
    answer = session.portal.post("/contracts/check", body, repeatable=True).value
    if answer.get("verdict") not in _CODES:
        raise Failure(f"{session.portal.url} sent no verdict", ExitCode.UNREACHABLE)
    return answer | {"url": f"{session.portal.url}{answer.get('url', '')}"}


def _compared(old: Any, new: Any) -> dict[str, Any]:
    """The same shape, of two files."""
    from governance.contracts import InvalidSchema, compare

    before, after = old.canonical["spec"], new.canonical["spec"]
    level, policy = before.get("compatibility") or "FULL", before.get("policy", "tolerant")
    try:
        report = compare(before["schema"], after["schema"], level=level, policy=policy)
    except InvalidSchema as error:
        raise Failure(str(error), ExitCode.USAGE, code="unreadable") from error
    return _answer_of(report) | {"base": old.version, "is_enough": True, "asks": [], "url": ""}


def _answer_of(report: Any) -> dict[str, Any]:
    findings = [
        {"rule": one.rule, "pointer": one.pointer, "direction": one.direction, "text": one.text, "fingerprint": one.fingerprint}
        for one in report.findings
    ]  # fmt: skip
    return {
        "verdict": report.verdict, "level": report.level, "policy": report.policy, "takes": report.bump, "findings": findings,
        "has_witness": report.has_witness, "witness": report.witness, "doubt": report.doubt,
    }  # fmt: skip


def _tell(session: Session, new: Any, answer: dict[str, Any]) -> None:
    say = session.printer.say
    if answer["base"] is None:
        say(f"safe: {new.name} {new.version} is the first version", style=_STYLES["safe"])
        return
    question = f"{answer['level'].lower()}, {answer['policy']}"
    say(
        f"{answer['verdict']}: {new.name} {answer['base']} → {new.version} ({question})",
        style=_STYLES[answer["verdict"]],
    )
    _tell_findings(session, answer)
    if answer["doubt"]:
        say(f"  not proved: {answer['doubt']}")
    if not answer["is_enough"]:
        say(f"  the change takes {answer['lowest']} or higher; {new.version} says less")
    if answer["asks"]:
        say(f"  published, it would wait for reviews of {', '.join(answer['asks'])}")
    if answer["url"]:
        say(f"  {answer['url']}")


def _tell_findings(session: Session, answer: dict[str, Any]) -> None:
    say = session.printer.say
    for finding in answer["findings"]:
        sign = "✗" if finding["direction"] else "·"
        say(f"  {sign} {finding['text']}  [{finding['rule']} {finding['pointer']}]")
    if answer["has_witness"]:
        say(f"  breaks with: {json.dumps(answer['witness'], ensure_ascii=False)[:400]}")
