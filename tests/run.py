"""`make test`: every test on the embedded default, then again on PostgreSQL + Redis; all counts at the end.

The second leg uses TEST_DATABASE_URL, else a PostgreSQL that answers on this machine, else a throwaway one from the
installed binaries. Without any it is left out with a notice, and is a failure where CI=true. Failure tests with RabbitMQ
belong to it, where one answers (TEST_RABBITMQ_URL). Options: --chaos for the long runs, with RabbitMQ once more,
--leg embedded|server|rabbitmq for one leg, and whatever follows goes to pytest.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests import rabbitmq
from tests.servers import find_postgresql

ROOT = Path(__file__).resolve().parent.parent
#: What --chaos runs: the failure tests with one fleet at a time, since of two that are killed and started again side by side no
#: rescue has a processor to be in time; the others two by two.
PROCESSES = ["tests/processes", "-n", "0"]
CHAOS = [
    "tests/model",
    "tests/product/test_runbook_journey.py",
    "tests/api/test_openapi.py",
    "tests/web_govern/test_hostile_posts.py",
]
#: Folders that need not even be collected on the second leg: they touch no database, or start the embedded product and look
#: at it in a browser. Of the others tests/one_leg.py leaves out what touches none.
ON_ONE_LEG = ("contracts", "manifest", "presentation", "policies", "cli", "docs", "product")
SUMMARY = re.compile(r"^(?:=+ )?((?:\d+ [a-z]+(?:, )?)+) in [\d.]+s", re.MULTILINE)


def main() -> int:
    """0 when every leg that had to run passed."""
    parser = argparse.ArgumentParser(prog="make test")
    parser.add_argument("--chaos", action="store_true", help="the long failure runs")
    parser.add_argument("--leg", choices=("embedded", "server", "rabbitmq"))
    options, rest = parser.parse_known_args()
    asked = any(not one.startswith("-") for one in rest)
    everywhere = (
        [] if asked or options.chaos else ["-p", "tests.one_leg", *(f"--ignore=tests/{name}" for name in ON_ONE_LEG)]
    )
    if options.chaos:
        os.environ["CHAOS"] = "long"
    parts = [[*CHAOS, *rest], [*PROCESSES, *rest]] if options.chaos and not asked else [rest]
    results: list[tuple[str, int, str, float]] = []
    with tempfile.TemporaryDirectory(prefix="plumbline-") as folder:

        def legs(name: str, place: dict[str, str], asked_for: list[list[str]]) -> None:
            for arguments in asked_for:
                results.append(leg(name, place, arguments, Path(folder) / str(len(results))))

        if options.leg in {None, "embedded"}:
            legs("embedded (SQLite, embedded broker)", {}, parts)
        if options.leg != "embedded":
            found = find_postgresql(Path(folder))
            if found is not None:
                with found as server:
                    place = {"DATABASE_URL": server.url}
                    if options.leg != "rabbitmq":
                        legs("PostgreSQL + Redis", place, [[*part, *everywhere] for part in parts])
                    if (options.chaos or options.leg == "rabbitmq") and rabbitmq.found():
                        place |= {"TEST_BROKER": "rabbitmq"}
                        legs("PostgreSQL + RabbitMQ", place, [rest if asked else [*PROCESSES, *rest]])
            elif os.environ.get("CI") == "true":
                results.append(("PostgreSQL + Redis", 1, "no PostgreSQL: install it or set TEST_DATABASE_URL", 0.0))
            else:
                print("notice: no PostgreSQL found, so the second leg was left out; set TEST_DATABASE_URL to run it")
    if options.leg != "embedded" and not rabbitmq.found():
        print("notice: no RabbitMQ found, so its tests were left out; set TEST_RABBITMQ_URL to run them")
    print()
    for name, code, summary, seconds in results:
        print(f"{name}: {summary}, {seconds:.0f} s{'' if code == 0 else '  FAILED'}")
    return int(any(code for _, code, _, _ in results))


def leg(name: str, environment: dict[str, str], arguments: list[str], folder: Path) -> tuple[str, int, str, float]:
    """Run pytest once, its output passed through; the name, exit code, counts and seconds."""
    print(f"\n== {name}", flush=True)
    folder.mkdir()
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "--dist",
        "loadgroup",
        "-p",
        "no:cacheprovider",
        *arguments,
    ]
    began = time.monotonic()
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment, "PLUMBLINE_DATA_DIR": str(folder)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    tail: list[str] = []
    for line in process.stdout:
        print(line, end="", flush=True)
        tail = [*tail[-40:], line]
    code = process.wait()
    found = SUMMARY.findall("".join(tail))
    return name, code, found[-1] if found else f"exit code {code}", time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
