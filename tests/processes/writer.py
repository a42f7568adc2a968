"""A process that writes to the database all the time, as pages, services and commands do: `python -m … seconds file`.

Begins when a file `go` stands beside it, and leaves in its file how long each write took and what went wrong.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import django
from django.db import transaction


def main(seconds: float, result: Path) -> None:
    from orchestration.models import Team
    from orchestration.services.runs import start_run, version_to_run
    from tests.processes.children import wait_until

    took: list[float] = []
    faults: list[str] = []
    version = version_to_run(workflow="writing")
    result.with_suffix(".ready").touch()
    wait_until((result.parent / "go").exists)
    ends = time.monotonic() + seconds
    number = 0
    while time.monotonic() < ends:
        number += 1
        began = time.monotonic()
        try:
            if number % 20 == 0:
                start_run(version=version, input={"n": number})
            with transaction.atomic():
                team = Team.objects.get(name="checkout")
                team.description = f"as of {number}"
                team.save()
        except Exception as error:
            faults.append(f"{type(error).__name__}: {error}")
        took.append(time.monotonic() - began)
        time.sleep(0.005)
    result.write_text(json.dumps({"took": took, "faults": faults}))


if __name__ == "__main__":
    django.setup()
    main(float(sys.argv[1]), Path(sys.argv[2]))
