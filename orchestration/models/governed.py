"""The manager of governed objects: it refuses what would change rows without history, reason and audit entry.

Owns those refusals. Never hides rows, and never stands in the way of Django's own cascades, which use `_base_manager`;
so do bulk loads that are not a change by anybody (moving a database, measurements).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


class UngovernedWrite(TypeError):
    """Code would have changed a governed object past its history. A fault of ours, never of a reader."""


class GovernedQuerySet(models.QuerySet[Row]):
    """Reads as ever; writes only one by one, through the services."""

    def update(self, **fields: Any) -> NoReturn:
        """Refused: it writes neither history nor audit entry."""
        self._refuse("update")

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> NoReturn:
        """Refused likewise."""
        self._refuse("bulk_create")

    def bulk_update(self, objs: Iterable[Any], *args: Any, **options: Any) -> NoReturn:
        """Refused likewise."""
        self._refuse("bulk_update")

    def delete(self) -> NoReturn:
        """Refused likewise; one object is deleted by the service of the same name."""
        self._refuse("delete")

    delete.queryset_only = True  # type: ignore[attr-defined]  # as Django has it: managers don't offer it at all

    def _refuse(self, method: str) -> NoReturn:
        service = "delete" if method == "delete" else "save"
        raise UngovernedWrite(
            f"{self.model.__name__} is governed: {method}() would leave neither history nor audit entry. Use"
            f" orchestration.services.governed.{service}(), with actor and reason, for each object"
        )


class GovernedManager(models.Manager[Row]):
    """`objects` of every governed model."""

    def get_queryset(self) -> GovernedQuerySet[Row]:
        """See GovernedQuerySet."""
        return GovernedQuerySet(self.model, using=self._db)
