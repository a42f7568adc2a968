"""`manage.py migrate`: Django's own, but a database that is still empty gets its tables at once, from the models.

Migrations replayed from the first one cost the first start most of its time, to end where the models are. Owns that short way.
Never takes it where a migration was applied, or is named; what has been migrated goes on as ever
(docs/decisions/0044-an-empty-database-gets-its-tables-from-the-models.md).
"""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

#: Apps whose models this repository holds.
OURS = {"portal", "governance", "orchestration"}
#: Options that ask for something else than to bring everything up to date.
_ELSE = ("app_label", "fake", "fake_initial", "plan", "check_unapplied", "prune")


class Command(migrate.Command):
    """Django's, with the short way first."""

    def add_arguments(self, parser: Any) -> None:
        """Django's, and a way to have the migrations replayed."""
        super().add_arguments(parser)
        parser.add_argument("--replay", action="store_true", help="run each migration, also in an empty database")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises what Django's raises."""
        self.verbosity = options["verbosity"]
        if not options["replay"] and not any(options[name] for name in _ELSE):
            self._create(connections[options["database"]])
        super().handle(*args, **options)

    def _create(self, connection: BaseDatabaseWrapper) -> None:
        """Every table of ours, where there is none, with the note that no migration is missing; all or nothing.

        What comes from other packages is theirs to migrate, first: ours refers to it.
        """
        executor = MigrationExecutor(connection)
        ours = executor.loader.migrated_apps & OURS
        if any(app in ours for app, _ in executor.loader.applied_migrations):
            return
        executor.migrate([key for key in executor.loader.graph.leaf_nodes() if key[0] not in ours])
        # SQLite's foreign keys are checked or not from before a transaction; a new table has no rows to check.
        with connection.constraint_checks_disabled(), transaction.atomic(using=connection.alias):
            self.sync_apps(connection, ours)
            for app, name in executor.loader.graph.nodes:
                if app in ours:
                    executor.recorder.record_applied(app, name)
