"""What a link of a document may lead to: one workflow, dependency or contract, and only one.

Owns that constraint, which all kinds of links share. Never a table.
"""

from __future__ import annotations

from django.db import models

COLUMNS = ("workflow", "dependency", "contract")


def to_one(name: str) -> models.CheckConstraint:
    """Exactly one of the columns is there."""
    condition = models.Q()
    for column in COLUMNS:
        condition |= models.Q(**{f"{other}__isnull": other != column for other in COLUMNS})
    return models.CheckConstraint(condition=condition, name=name)
