"""Fixtures of pages: a team and people of it."""

from tests.signed_in import sign_in, team  # noqa: F401
