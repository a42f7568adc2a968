"""A name for a runbook from a file whose own name is taken: that of its folder before it, then a number behind it.

Owns that choice. Never writes: who creates the runbook meets a name that was taken meanwhile as a conflict.
"""

from __future__ import annotations

from zlib import crc32

from governance.models import Runbook
from governance.runbooks.reading import slug_from
from governance.services.runbooks import MAX_SLUG

#: So many files of one name, in folders of one name, are told apart.
MOST = 9


def free_name(path: str, slug: str) -> str:
    """`node-target-down` for `alerts/node/TargetDown.md`; empty where all are taken."""
    folder = slug_from(path.rpartition("/")[0].rpartition("/")[2])
    base = f"{folder}-{slug}" if folder else slug
    names = [base] if folder else []
    names += [f"{base}-{number}" for number in range(2, MOST + 1)]
    wanted = [_short(name) for name in names]
    taken = set(Runbook.objects.filter(slug__in=wanted).values_list("slug", flat=True))
    return next((name for name in wanted if name not in taken), "")


def _short(name: str) -> str:
    """One that is too long ends in a sum of the whole, so that two long ones stay two."""
    return name if len(name) <= MAX_SLUG else f"{name[: MAX_SLUG - 9].rstrip('-')}-{crc32(name.encode()):08x}"
