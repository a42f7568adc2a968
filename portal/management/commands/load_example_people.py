"""`manage.py load_example_people`: the example sign-ins, in embedded mode only."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orchestration.errors import PlumblineError
from portal.services.example_people import load_example_people, sign_ins_file


class Command(BaseCommand):
    help = "Make the example people with random passwords; embedded mode only, harmless when repeated."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and say where the passwords are; they are not printed, since logs are kept."""
        try:
            rows = load_example_people()
        except PlumblineError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{len(rows)} example people; their passwords are in {sign_ins_file()}")
