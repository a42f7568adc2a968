"""docs/engine.md says what the code says: limits, error types, the default retry policy."""

from __future__ import annotations

import re

from orchestration import limits
from orchestration.policies.retry import ALWAYS_LATER, DefaultPolicy, is_retryable
from tests.docs.documents import ROOT, rows, section

PAGE = ROOT / "docs" / "engine.md"
#: `Failed("…"`, `TaskError("…"`, `error_type="…"`: how the code gives an error its type.
TYPED = re.compile(r'(?:Failed\(|error_type=|error_type, row\.finished_at = StepStatus\.FAILED, )"([a-z_.]+)"')


def error_types() -> dict[str, str]:
    return {row[0]: row[2] for row in rows(section(PAGE, "## Error types"))}


def test_every_limit_stands_in_the_table_with_its_value():
    known = {name: value for name, value in vars(limits).items() if name.isupper()}
    table = {row[0]: float(row[1].split()[0].replace(",", "")) for row in rows(section(PAGE, "## Limits"))}

    assert table == known


def test_every_error_type_of_the_code_stands_in_the_table():
    sources = [path.read_text() for path in (ROOT / "orchestration").rglob("*.py")]
    found = {name for source in sources for name in TYPED.findall(source)}
    assert {"timeout", "connection", "worker.lost", "contract.violation"} <= found, (
        "the pattern above finds them no more"
    )

    assert found - set(error_types()) == set()


def test_a_named_error_type_is_found_in_the_code():
    source = "\n".join(path.read_text() for path in (ROOT / "orchestration").rglob("*.py"))
    built = {"http.NNN": 'f"http.{answer.status}"', "python.NAME": 'f"python.{type(error).__name__}"'}
    built |= {"celery.NAME": 'f"celery.{error}"'}
    built |= {f"timeout.{name}": f'"{name}"' for name in ("schedule_to_start",)}
    for name in error_types():
        assert built.get(name, f'"{name}"') in source, f"nothing in the engine says {name}"


def test_what_is_always_retried_is_named():
    text = error_types()["http.NNN"]

    for name in ALWAYS_LATER:
        assert name.removeprefix("http.") in text
        assert is_retryable(DefaultPolicy(non_retryable_errors=("http.4xx",)), name, by_default=False)


def test_the_default_policy_is_the_one_that_is_described():
    policy = DefaultPolicy()
    described = section(PAGE, "## Retries")

    words = (
        f"{policy.initial_interval:g} s, ×{policy.backoff_coefficient:g}, at most {policy.maximum_interval:g} s, "
        f"{policy.maximum_attempts} attempts, {policy.jitter} jitter"
    )
    assert words in described


def test_log_events_that_operators_are_told_of_are_logged_at_that_level():
    table = rows(section(ROOT / "docs" / "operations.md", "## Logs"))
    files = [path for part in ("orchestration", "governance") for path in (ROOT / part).rglob("*.py")]
    source = "\n".join(path.read_text() for path in files)

    assert len(table) > 5
    for events, level, _ in table:
        calls = {"error": "error|exception", "warning": "warning"}[level]
        for event in events.split(", "):
            assert re.search(rf'log\.({calls})\(\s*"{re.escape(event)}"', source), f"nobody logs {event} at {level}"
