"""Switching a flag on or off by hand, or back to what its manifest says: with a reason, in history and audit log.

A switch holds for every run that asks from then on; what a run has recorded stays. Never decides who may: portal does.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Flag
from orchestration.selectors.flags import find_flag, revision_of
from orchestration.services.governed import hold, require_reason, save

DECLARED = "declared"
#: As people say it → as it is kept.
POSITIONS = {"on": Flag.Switched.ON, "off": Flag.Switched.OFF, DECLARED: Flag.Switched.DECLARED}


class MovedOn(Conflict):
    """Somebody wrote the flag since it was read; nothing was switched."""


def switch_flag(*, name: str, to: str, reason: str, actor: Any, seen: int | None = None) -> Flag:
    """Switch it to on, off or declared. `seen`: its revision as it was read; None switches whatever happened meanwhile.

    Raises NotFound, InvalidInput, MovedOn, and Conflict where it stands so already.
    """
    wanted, why = position(to), require_reason(reason)
    with transaction.atomic():
        hold()
        flag = find_flag(name)
        current = revision_of(flag)
        if seen is not None and seen != current:
            raise MovedOn(f"flag {name} is at revision {current} by now; read it again, and switch that")
        if flag.switched == wanted:
            raise Conflict(f"flag {name} {is_words(to)} already; there is nothing to switch")
        flag.switched = wanted
        save(flag, actor=actor, reason=why, action="switched")
    return flag


def position(to: str) -> str:
    """What is kept for `on`, `off` or `declared`. Raises InvalidInput."""
    if to not in POSITIONS:
        raise InvalidInput(f"a flag can't be switched to {to[:40]!r}; use one of {', '.join(POSITIONS)}")
    return POSITIONS[to].value


def is_words(to: str) -> str:
    """`is switched off`, `stands as declared`."""
    return "stands as declared" if to == DECLARED else f"is switched {to}"
