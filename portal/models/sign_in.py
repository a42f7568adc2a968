"""Failed sign-ins, kept for a while so that guessing passwords gets slow. Never says whether an account exists."""

from __future__ import annotations

from django.db import models


class SignInFailure(models.Model):
    """One failed try: for which name, from where, when."""

    username = models.CharField(max_length=150, db_index=True)
    address = models.GenericIPAddressField(null=True, db_index=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.username} at {self.at:%H:%M:%S}"
