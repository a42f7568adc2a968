"""`manage.py example_sign_ins`: print the example sign-ins of this installation. Embedded mode only."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Print name, password and role of each."""

    help = "Print the sign-ins of the example people (embedded mode only)."

    def handle(self, *_: Any, **__: Any) -> None:
        """Reads what load_example_people wrote."""
        path = settings.PLUMBLINE.data_dir / "example-sign-ins.json"
        if not settings.PLUMBLINE.embedded or not path.exists():
            raise CommandError("there are no example sign-ins here; `make start` makes them")
        self.stdout.write("sign in as one of")
        for person in json.loads(path.read_text()):
            self.stdout.write(f"  {person['username']:<20} {person['password']:<20} {person['role']}")
