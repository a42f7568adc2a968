"""The virtual environment of DBOS: made once from requirements-bench.txt, apart from the product's own.

DBOS brings SQLAlchemy and other libraries that Plumbline does not want beside its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LOCK = ROOT / "requirements-bench.txt"
PLACE = ROOT / "build" / "bench-venv"


def dbos_python() -> str:
    """Its interpreter, after making the environment where it is missing or older than the lock file."""
    python, mark = PLACE / "bin" / "python", PLACE / "installed"
    if mark.exists() and mark.read_text() == LOCK.read_text():
        return str(python)
    print("installing DBOS for the comparison (once)", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(PLACE)], check=True)
    quiet = ["--disable-pip-version-check", "--quiet", "--quiet"]
    subprocess.run([str(python), "-m", "pip", *quiet, "install", "--require-hashes", "-r", str(LOCK)], check=True)
    mark.write_text(LOCK.read_text())
    return str(python)
