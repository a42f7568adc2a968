"""Which pg_dump is taken, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.backups import postgresql
from portal.backups.archive import BackupError


def test_a_pg_dump_that_is_too_old_or_missing_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(postgresql, "_version", lambda path: 9)

    with pytest.raises(BackupError, match=r"pg_dump of PostgreSQL \d+ or later .*postgresql-client-\d+"):
        postgresql.tool("pg_dump", 15)


def test_the_oldest_program_that_fits_is_taken(monkeypatch: pytest.MonkeyPatch):
    versions = {Path("/a"): 14, Path("/b"): 17, Path("/c"): 16}
    monkeypatch.setattr(postgresql, "_candidates", lambda name: iter(versions))
    monkeypatch.setattr(postgresql, "_version", versions.__getitem__)

    assert postgresql.tool("pg_dump", 15) == ("/c", 16)
