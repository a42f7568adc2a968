"""`make guards`: break one guard of the engine at a time, in a copy, and see which tests notice.

A guard that nobody notices missing is no guard, or has no test: either is a failure here. So is a place in the code that
no longer reads as written below: then the table is to be brought up to date. Never changes the checkout itself.
Options: names of guards, to break only these.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
KILLS, MESSAGES, OUTAGES = (f"tests/processes/test_{name}.py" for name in ("kills", "messages", "outages"))
LATE = f"{KILLS}::test_the_late_result_of_a_frozen_worker_is_refused"
#: A run that is never rescued keeps its test waiting for minutes; it need not.
LONGEST = 240


@dataclass(frozen=True)
class Guard:
    """What is taken away: in each file, the text as it stands and what replaces it; and the tests that ought to see it."""

    name: str
    says: str
    cuts: tuple[tuple[str, str, str], ...]
    tests: tuple[str, ...]


GUARDS = (
    Guard(
        "fence",
        "an outcome counts only with the fence of its claim",
        (
            (
                "orchestration/engine/transition.py",
                "return _rows(StepRun.objects.filter(pk=step_id, status=source, fence=fence).update(status=target, **columns))",
                "return _rows(StepRun.objects.filter(pk=step_id, status=source).update(status=target, **columns))",
            ),
            (
                "orchestration/engine/statements.py",
                "AND s.status || '' = 'running' AND s.fence = t.fence\n  AND t.run IN",
                "AND s.status || '' = 'running'\n  AND t.run IN",
            ),
        ),
        (f"{LATE}_while_another_is_still_at_it", "tests/engine/test_faults.py", "tests/engine/test_concurrency.py"),
    ),
    Guard(
        "effects",
        "what may have an effect waits until everything before it is durable",
        (
            (
                "orchestration/engine/plans.py",
                "        and not may_write(step)\n",
                "",
            ),
        ),
        ("tests/engine/test_ahead.py",),
    ),
    Guard(
        "lease",
        "a step whose lease has ended is given to another worker",
        (("orchestration/engine/wake.py", '    "leases": rescue.expired_leases,\n', ""),),
        (LATE, "tests/engine/test_faults.py"),
    ),
    Guard(
        "renewal",
        "the heartbeat renews the leases of what is at work",
        (
            (
                "orchestration/engine/worker.py",
                "        for claim in _renew(list(held), now):",
                "        for claim in ():",
            ),
        ),
        ("tests/processes/test_clocks.py", "tests/engine/test_faults.py"),
    ),
    Guard(
        "outbox",
        "a wake-up that brought nobody is sent again, from the row that it stands in",
        (("orchestration/engine/wake.py", '    "lost_wakes": _lost_wakes,\n', ""),),
        (f"{OUTAGES}::test_runs_go_on_when_the_broker_forgets_every_message", "tests/engine/test_faults.py"),
    ),
    Guard(
        "on-commit",
        "a wake-up leaves after the commit that it speaks of",
        (
            (
                "orchestration/engine/publish.py",
                "        transaction.on_commit(lambda: send(ids))\n",
                "        send(ids)\n",
            ),
        ),
        ("tests/engine/test_faults.py::test_a_wake_up_leaves_with_the_commit_that_it_speaks_of_or_never",),
    ),
    Guard(
        "all-or-nothing",
        "an outcome and what follows from it are one transaction",
        (
            (
                "orchestration/engine/gather.py",
                "    with transaction.atomic() if _needs_transaction(items) else nullcontext():",
                "    with nullcontext():",
            ),
        ),
        (
            "tests/engine/test_conductor.py",
            f"{KILLS}::test_every_run_survives_twenty_killed_workers_with_one_key_per_step",
        ),
    ),
)


def main(wanted: list[str]) -> int:
    """0 when each broken guard was noticed."""
    unknown = set(wanted) - {guard.name for guard in GUARDS}
    if unknown:
        sys.exit(f"no guard {', '.join(sorted(unknown))}; there are {', '.join(guard.name for guard in GUARDS)}")
    unnoticed = []
    for guard in GUARDS:
        if wanted and guard.name not in wanted:
            continue
        print(f"\n{guard.name}: {guard.says}", flush=True)
        noticed = noticed_by(guard)
        for test in noticed:
            print(f"  noticed by {test}")
        if not noticed:
            print("  NOT NOTICED")
            unnoticed.append(guard.name)
    print(f"\nnot noticed: {', '.join(unnoticed)}" if unnoticed else "\neach broken guard was noticed")
    return int(bool(unnoticed))


def noticed_by(guard: Guard) -> list[str]:
    """The tests that fail without the guard."""
    with tempfile.TemporaryDirectory(prefix="plumbline-guard-") as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", "var", "build", "__pycache__"))
        for place, before, after in guard.cuts:
            cut(copy / place, before, after)
        return [test for chosen in guard.tests for test in failures(copy, chosen, Path(folder))]


def cut(path: Path, before: str, after: str) -> None:
    """Replace the text, which must stand there once."""
    text = path.read_text()
    if text.count(before) != 1:
        sys.exit(
            f"{path.name} has {text.count(before)} times, not once: {before!r}; bring tests/chaos_guards.py up to date"
        )
    path.write_text(text.replace(before, after))


def failures(copy: Path, chosen: str, folder: Path) -> list[str]:
    """The names of the tests that fail there; the chosen ones themselves when they do not come to an end."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--maxfail", "3", chosen]
    environment = {**os.environ, "PLUMBLINE_DATA_DIR": str(folder / "data")}
    process = subprocess.Popen(
        command, cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - a background job ignores it
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)  # unlike SIGTERM it lets the fixtures end their workers
        process.communicate()
        return [f"{chosen} (it never came to an end)"]
    if process.returncode not in {0, 1}:
        sys.exit(f"pytest could not run {chosen}:\n{said[-3000:]}")
    return FAILED.findall(said)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
