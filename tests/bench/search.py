"""`make bench-search`: the fifty queries of tests/search against 50,000 documents, on both databases.

What is timed is what a page asks for: matching, counts of every facet, order, and twenty excerpts. Each query is asked several
times and its median taken, then the 95th percentile over the queries. Also whether each finds its document first.
Writes build/bench-search.json; exits with 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.bench.orders import ROOT
from tests.bench.report import machine
from tests.bench.systems import OURS
from tests.servers import Throwaway, installed_binaries

TARGET = Path("build/bench-search.json")
#: Bar for p95 in ms, by database.
BARS = {"postgresql": 100.0, "sqlite": 200.0}
ROUNDS, BATCH = 5, 1_000


def main() -> int:
    """0 when every bar is met."""
    parser = argparse.ArgumentParser(prog="make bench-search")
    parser.add_argument("--documents", type=int, default=50_000)
    parser.add_argument("--only", choices=sorted(BARS), help="one database only")
    parser.add_argument(
        "--here", action="store_true", help="measure the database of DATABASE_URL, which is emptied of documents"
    )
    options = parser.parse_args()
    if options.here:
        print(json.dumps(_measure(options.documents)))
        return 0
    folder = Path(tempfile.mkdtemp(prefix="plumbline-search-", dir="/tmp"))
    folder.chmod(0o711)
    found: dict[str, Any] = {"machine": machine(), "documents": options.documents}
    try:
        for kind in [options.only] if options.only else BARS:
            found[kind] = _in_a_process(kind, folder / kind, options.documents)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(found, indent=2) + "\n")
    return _report(found)


def _in_a_process(kind: str, folder: Path, documents: int) -> dict[str, Any]:
    folder.mkdir()
    folder.chmod(0o711)
    variables = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    variables |= {"PLUMBLINE_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    with ExitStack() as stack:
        if kind == "postgresql":
            binaries = installed_binaries()
            assert binaries is not None, "no PostgreSQL binaries on this machine"
            variables["DATABASE_URL"] = stack.enter_context(Throwaway(binaries, folder / "server")).url
        command = [sys.executable, "-m", "tests.bench.search", "--here", "--documents", str(documents)]
        output = subprocess.run(command, env=variables, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    measured: dict[str, Any] = json.loads(output.splitlines()[-1])
    return measured


def _measure(documents: int) -> dict[str, Any]:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from governance.models import SearchDocument
    from governance.selectors.search import Reader, search
    from governance.services.indexing import write
    from tests.search.corpus import BY_HAND, around
    from tests.search.queries import QUERIES

    call_command("migrate", verbosity=0)
    SearchDocument.objects.all().delete()
    began = time.monotonic()
    everything = [*BY_HAND, *around(documents - len(BY_HAND))]
    for start in range(0, documents, BATCH):
        write(everything[start : start + BATCH])
    filled = time.monotonic() - began
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    seconds, wrong = {}, []
    for text, expected in QUERIES.items():
        taken = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            answer = search(text, reader=Reader())
            taken.append(time.perf_counter() - began)
        seconds[text] = statistics.median(taken)
        if not answer.hits or (answer.hits[0].kind, answer.hits[0].key) != expected:
            wrong.append(text)
    in_order = sorted(seconds.values())
    slowest = sorted(seconds, key=lambda text: -seconds[text])[:3]
    return {
        "p50_ms": _ms(statistics.median(in_order)), "p95_ms": _ms(in_order[int(len(in_order) * 0.95)]),
        "max_ms": _ms(in_order[-1]), "slowest": {text: _ms(seconds[text]) for text in slowest},
        "fill_seconds": round(filled, 1), "queries": len(QUERIES), "wrong": wrong,
    }  # fmt: skip


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _report(found: dict[str, Any]) -> int:
    missed = False
    for kind, bar in BARS.items():
        if kind not in found:
            continue
        one = found[kind]
        bad = one["p95_ms"] > bar or bool(one["wrong"])
        missed |= bad
        print(
            f"{'MISSED' if bad else 'ok    '} {kind}: p95 {one['p95_ms']} ms (bar {bar:g}), p50 {one['p50_ms']} ms, max {one['max_ms']} ms;"
            f" {one['queries'] - len(one['wrong'])} of {one['queries']} find theirs first; slowest {one['slowest']}"
            + (f"; wrong: {one['wrong']}" if one["wrong"] else "")
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
