"""A person who signs in. What they may do comes from roles in teams; never from this table, except for admins."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from simple_history.models import HistoricalRecords


class User(AbstractUser):
    """`is_superuser` is the admin role of the installation; `time_zone` is an IANA name or empty for UTC."""

    time_zone = models.CharField(max_length=64, blank=True, default="")
    history = HistoricalRecords(excluded_fields=["password", "last_login"])

    @property
    def is_admin(self) -> bool:
        """Whether this person administers the installation."""
        return self.is_active and self.is_superuser
