"""Move the embedded SQLite database to an empty PostgreSQL: every row of every table, in one transaction there.

Rows are read through the models, which know what SQLite's texts and numbers stand for, and written by COPY in batches, so
that millions of runs need no more memory than thousands. Nobody writes here meanwhile. Never changes the source.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from graphlib import TopologicalSorter
from itertools import chain, islice
from typing import Any

import psycopg
from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DatabaseError, connection, connections, transaction
from django.db.models import Field, JSONField, Model

from governance import triggers
from portal.backups.archive import BackupError
from portal.backups.installation import applied, is_empty, known, refuse_while_workers_live, tables
from portal.config import ROOT, ConfigurationError, database_settings

TARGET = "move_target"
#: Rows of one COPY: references are checked at its end, so this bounds what PostgreSQL keeps in mind.
BATCH = 20_000
#: What psycopg writes as PostgreSQL reads it; asking each field as well would take most of the time.
PLAIN = {int, str, bool, float, datetime, uuid.UUID, type(None)}


def move(url: str, say: Callable[[str], object]) -> dict[str, int]:
    """Copy everything to the database of this URL; rows by table. Raises BackupError; then nothing was written there."""
    _refuse_source()
    _connect(url)
    try:
        call_command("migrate", database=TARGET, verbosity=0, interactive=False)
        if not is_empty(TARGET):
            raise BackupError("the database of that URL is not empty; make a new one for Plumbline alone")
        # The first transaction is the write lock of SQLite: who wants to write waits until the copy is complete.
        with transaction.atomic(), transaction.atomic(using=TARGET):
            copied = _copy_all(say)
        with connections[TARGET].cursor() as cursor:
            cursor.execute("ANALYZE")  # plans made before the first automatic one would be those of empty tables
    except (DatabaseError, psycopg.Error) as error:  # the second from COPY, which Django does not know
        raise BackupError(f"PostgreSQL refused it, and no row was written: {error}") from error
    finally:
        connections[TARGET].close()
        del connections[TARGET], connections.settings[TARGET]
    return copied


def models_in_order() -> list[type[Model]]:
    """Every model with a table, after all that it refers to; of two that refer to each other the one that must comes later."""
    found = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    concrete = [model for model in found if not model._meta.proxy]
    return list(TopologicalSorter({model: set(_referred(model)) - {model} for model in concrete}).static_order())


def _referred(model: type[Model]) -> Iterator[type[Model]]:
    for field in model._meta.concrete_fields:
        if field.remote_field is None or not getattr(field, "db_constraint", True):
            continue
        other = field.remote_field.model
        refers_back = any(
            back.remote_field and back.remote_field.model is model for back in other._meta.concrete_fields
        )
        if not (field.null and refers_back):  # a run's step that waits for it, and a step's run
            yield other


def _refuse_source() -> None:
    if connection.vendor != "sqlite":
        raise BackupError("the database here is no SQLite: unset DATABASE_URL, so that the embedded one is moved")
    if applied() != known():
        raise BackupError("the database here is of another release; run `manage.py migrate` with this one first")
    refuse_while_workers_live()


def _connect(url: str) -> None:
    try:
        given = database_settings(url, embedded=False, data_dir=ROOT)
    except (ConfigurationError, ValueError) as error:
        raise BackupError(f"the URL can't be used: {error}") from error
    if given["ENGINE"] != "django.db.backends.postgresql":
        raise BackupError("the URL is not of a PostgreSQL; use postgresql://user:password@host/name")
    settled = connections.configure_settings({"default": {}, TARGET: given})
    connections.settings[TARGET] = settled[TARGET]
    try:
        connections[TARGET].ensure_connection()
    except DatabaseError as error:
        del connections[TARGET], connections.settings[TARGET]
        raise BackupError(f"the PostgreSQL of that URL can't be reached: {error}") from error


def _copy_all(say: Callable[[str], object]) -> dict[str, int]:
    models = models_in_order()
    names = {model._meta.db_table for model in models}
    forgotten = set(tables()) - names - {"django_migrations"}
    if forgotten:
        raise BackupError(f"the database here has tables that are not Plumbline's: {', '.join(sorted(forgotten))}")
    quoted = ", ".join(f'"{name}"' for name in sorted(names))
    target = connections[TARGET]
    with target.cursor() as cursor:
        triggers.remove(target)  # they come back with the rows, in the same transaction
        cursor.execute(f"TRUNCATE {quoted}")  # what migrate put there has its ids of the source
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for constraint in _looking_ahead([model._meta.db_table for model in models]):
            cursor.execute(f'SET CONSTRAINTS "{constraint}" DEFERRED')
    copied = {}
    for model in models:
        copied[model._meta.db_table] = _copy(model)
        say(f"{model._meta.db_table}: {copied[model._meta.db_table]:,} rows")
    with target.cursor() as cursor:
        for sql in target.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(sql)
    triggers.install(target)
    _compare(models, copied)
    return copied


def _looking_ahead(names: Sequence[str]) -> Iterator[str]:
    """Foreign keys whose rows may come before those that they refer to: within a table, or to one that is copied later."""
    target, place = connections[TARGET], {name: number for number, name in enumerate(names)}
    with target.cursor() as cursor:
        for table in names:
            for name, found in target.introspection.get_constraints(cursor, table).items():
                if found["foreign_key"] and place[found["foreign_key"][0]] >= place[table]:
                    yield name


def _copy(model: type[Model]) -> int:
    fields = list(model._meta.concrete_fields)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    sql = f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN'
    rows = model._base_manager.order_by("pk").values_list(*[field.attname for field in fields]).iterator(2_000)
    count = 0
    for first in rows:  # the first row of a batch: without one there is no COPY
        with connections[TARGET].cursor() as cursor, cursor.copy(sql) as copy:
            for row in chain([first], islice(rows, BATCH - 1)):
                copy.write_row(_adapted(model, fields, row))
                count += 1
    return count


def _adapted(model: type[Model], fields: Sequence[Field[Any, Any]], row: Sequence[Any]) -> list[Any]:
    target = connections[TARGET]
    values = []
    for field, value in zip(fields, row, strict=True):
        if isinstance(value, str) and "\x00" in value:
            raise BackupError(
                f"{model._meta.db_table} {row[0]}: {field.column} has the character U+0000, which PostgreSQL can't hold;"
                " remove it here first, by `manage.py shell` where no page shows it. Nothing was written"
            )
        plain = type(value) in PLAIN and not isinstance(field, JSONField)
        values.append(value if plain else field.get_db_prep_save(value, connection=target))
    return values


def _compare(models: Sequence[type[Model]], copied: dict[str, int]) -> None:
    for model in models:
        here, there = model._base_manager.count(), model._base_manager.using(TARGET).count()
        if not here == there == copied[model._meta.db_table]:
            raise BackupError(f"{model._meta.db_table} has {here:,} rows here and {there:,} there; nothing was written")
