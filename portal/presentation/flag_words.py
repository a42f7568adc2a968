"""How a flag stands, in a look, a sentence and its manifest's own terms. Owns those words. Never reads the database."""

from __future__ import annotations

from typing import Any

from orchestration.models import Flag
from orchestration.selectors.flags import Share
from portal.presentation.quantities import number, percent
from portal.presentation.words import Look

WHEN_OFF = {"skip": "is skipped", "fallback": "takes its fallback"}


def look(flag: Flag) -> Look:
    """What a run that asks now would get. Switched by hand stands out: it is over what was declared."""
    if flag.switched:
        return Look("warn", "flag", f"Switched {flag.switched}")
    part = _percent(flag)
    if part is not None:
        return Look("unk", "half", f"On for {part:g} %")
    return Look("ok", "ok", "On") if flag.spec.get("default") == "on" else Look("unk", "none", "Off")


def declared(flag: Flag) -> str:
    """`on for 10 % of keys, off without one`: what its manifest says."""
    default, part = str(flag.spec.get("default", "off")), _percent(flag)
    if part is None:
        return default
    return f"on for {part:g} % of keys, {default} without one" if key(flag) else f"on for {part:g} % of runs"


def key(flag: Flag) -> str:
    """The expression of its rollout's key; empty without one."""
    return str(_rollout(flag).get("key") or "")


def sentence(flag: Flag) -> str:
    """How it stands, in one line."""
    if flag.switched:
        return f"Switched {flag.switched} by hand, for every run that asks from now on; the manifest says: {declared(flag)}."
    said = declared(flag)
    return (
        f"{said[:1].upper()}{said[1:]}."
        if _percent(flag) is not None
        else f"{said.capitalize()} for every run, as its manifest says."
    )


def share(found: Share) -> str:
    """`13.2 % of the latest 1,000 runs`."""
    if not found.runs:
        return "no run has asked yet"
    return f"on for {percent(found.part)} of the latest {number(found.runs)} run{'' if found.runs == 1 else 's'} that asked"


def list_sentence(flags: list[Flag]) -> str:
    """What stands out among them."""
    by_hand = [flag.name for flag in flags if flag.switched]
    if not by_hand:
        return "Every flag stands as its manifest declares." if flags else ""
    named = f"{', '.join(by_hand[:3])}{f' and {len(by_hand) - 3} more' if len(by_hand) > 3 else ''}"
    return f"{named} {'is' if len(by_hand) == 1 else 'are'} switched by hand."


def _rollout(flag: Flag) -> dict[str, Any]:
    found = flag.spec.get("rollout")
    return found if isinstance(found, dict) else {}


def _percent(flag: Flag) -> float | None:
    found = _rollout(flag).get("percent")
    return None if found is None else float(found)
