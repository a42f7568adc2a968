"""`python -m tests.bench.registry`: server time of the registry's pages over 5,000 contracts of 20 versions each.

DATABASE_URL chooses the database; without it a SQLite of its own. Prints medians and the longest in milliseconds, and exits
with 1 where a median is above LONGEST.
"""

from __future__ import annotations

import os
import secrets
import statistics
import sys
import tempfile
import time
from typing import Any

CONTRACTS, VERSIONS, ROUNDS, LONGEST = 5_000, 20, 12, 150.0


def main() -> int:
    """Build, measure, print."""
    os.environ.setdefault("PLUMBLINE_DATA_DIR", tempfile.mkdtemp(prefix="plumbline-registry-"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    from portal.models import User

    settings.ALLOWED_HOSTS.append("testserver")
    call_command("migrate", verbosity=0)
    fill()
    client = Client()
    client.force_login(User.objects.create(username=f"reader-{secrets.token_hex(3)}"))
    slow = 0
    for path in (
        "/contracts/", "/contracts/?page=77", "/contracts/?q=c4999", "/contracts/?q=nothing", "/contracts/?team=bench",
        "/contracts/c2500.x/", "/contracts/c2500.x/?from=1.0.0&to=1.19.0", "/changes/", "/api/v1/contracts?limit=200",
    ):  # fmt: skip
        took = [measure(client, path) for _ in range(ROUNDS)][1:]
        median = statistics.median(took)
        slow += median > LONGEST
        print(f"{path:<44} median {median:6.1f} ms   longest {max(took):6.1f} ms")
    return int(slow > 0)


def fill() -> None:
    """Contracts that differ a little from version to version."""
    from governance.models import Contract, ContractVersion
    from orchestration.models import Team
    from orchestration.versions import precedence

    team, _ = Team.objects.get_or_create(name="bench")
    made = [Contract(name=f"c{number}.x", owner=team, description=f"contract {number}") for number in range(CONTRACTS)]
    made = Contract._base_manager.bulk_create(made, batch_size=500)
    rows = [
        ContractVersion(
            contract=contract, version=f"1.{minor}.0", precedence=precedence(f"1.{minor}.0"), schema=schema(minor),
            canonical={"spec": {"schema": {}}}, content_hash=str(minor), reason="bench",
        )
        for contract in made for minor in range(VERSIONS)
    ]  # fmt: skip
    ContractVersion._base_manager.bulk_create(rows, batch_size=500)


def schema(minor: int) -> dict[str, Any]:
    """Forty properties, one more with each version."""
    names = [f"p{number}" for number in range(40 + minor)]
    return {
        "type": "object",
        "properties": {name: {"type": "string", "maxLength": 40} for name in names},
        "required": ["p1"],
    }


def measure(client: Any, path: str) -> float:
    """Milliseconds of one answer."""
    began = time.perf_counter()
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    sys.exit(main())
