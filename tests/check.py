"""`make check`: everything that reads the code without running it. Each tool runs, so that all faults show at once."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = {
    "PLUMBLINE_MODE": "production",
    "SECRET_KEY": "only-for-the-check-" + "x7Qp" * 12,
    "DATABASE_URL": "postgresql://plumbline@127.0.0.1:1/plumbline",
    "BROKER_URL": "redis://127.0.0.1:1/0",
    "ALLOWED_HOSTS": "plumbline.example",
}


def main() -> int:
    """0 when every check passed."""
    with tempfile.TemporaryDirectory(prefix="plumbline-check-") as folder:
        base = {**os.environ, "PLUMBLINE_DATA_DIR": folder}
        base.pop("DATABASE_URL", None)
        python = [sys.executable, "-m"]
        manage = [sys.executable, "manage.py"]
        checks: list[tuple[str, list[str], dict[str, str]]] = [
            ("lint", [*python, "ruff", "check", "."], base),
            ("format", [*python, "ruff", "format", "--check", "--quiet", "."], base),
            ("types", [*python, "mypy"], base),
            ("import direction", [str(Path(sys.executable).with_name("lint-imports"))], base),
            ("templates", [*python, "djlint", "--lint", "--quiet", "templates"], base),
            ("migrations", [*manage, "makemigrations", "--check", "--dry-run"], base),
            ("deployment", [*manage, "check", "--deploy", "--fail-level", "WARNING"], {**base, **PRODUCTION}),
        ]
        failed = [name for name, command, environment in checks if not passes(name, command, environment)]
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return int(bool(failed))


def passes(name: str, command: list[str], environment: dict[str, str]) -> bool:
    """Run one check; its output is shown when it fails."""
    done = subprocess.run(
        command, check=False, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    print(f"{'ok  ' if done.returncode == 0 else 'FAIL'} {name}", flush=True)
    if done.returncode != 0:
        print(done.stdout)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
