"""`manage.py load_patterns`: the library of patterns, for everybody, after each migration. Safe to run again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from governance.patterns.files import library
from governance.services.patterns import load_library


class Command(BaseCommand):
    """Load what is new; what people edited stays as they made it."""

    help = "Load the library of patterns that comes with Plumbline. What people edited is left as it is."

    def handle(self, *, verbosity: int, **_options: Any) -> None:
        """Load and report."""
        written = load_library(library())
        if verbosity:
            self.stdout.write(f"{len(written)} patterns loaded" if written else "every pattern is there")
