"""The half that gives the orders which side.py obeys: one process, a line to it, a line from it.

Owns that process until its end. Standard library only.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


class Obeying:
    """A started side. Its output that is no answer goes to the log, whose end is shown when it fails."""

    def __init__(self, command: Sequence[str], variables: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("w") as output:
            self.process = subprocess.Popen(
                command, env=variables, cwd=ROOT, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output,
            )  # fmt: skip

    def facts(self) -> dict[str, str]:
        """Wait until it is ready; its versions."""
        found: dict[str, str] = self._answer()["facts"]
        return found

    def order(self, do: str, count: int) -> None:
        """Say what to do, and go on."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, "count": count}) + "\n")
        self.process.stdin.flush()

    def seconds(self) -> list[float]:
        """Wait for the answer to the order; how long it took, each time."""
        found: list[float] = self._answer()["seconds"]
        return found

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "it ended without an answer"}
        if "error" in answer:
            raise RuntimeError(f"{answer['error']}\n{self.log.read_text()[-3000:]}")
        return answer
