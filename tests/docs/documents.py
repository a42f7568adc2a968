"""What the tests of the documents share: their texts, tables and code blocks."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
#: Documents of people. Decisions are checked by test_decisions.py.
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").glob("*.md")
)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def section(path: Path, heading: str) -> str:
    """The text under a heading, up to the next one of its level or above."""
    level = heading.split(maxsplit=1)[0]
    text = path.read_text().split(f"\n{heading}\n", 1)[1]
    return re.split(rf"\n#{{1,{len(level)}}} ", text, maxsplit=1)[0]


def rows(text: str) -> list[list[str]]:
    """The rows of the first table in a text, without its head; the backticks of each cell removed."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip().replace("`", "") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return cells[2:]


def blocks(path: Path, language: str) -> list[str]:
    """The fenced code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(), re.DOTALL | re.MULTILINE)
