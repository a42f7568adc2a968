"""Runbooks as files and their freshness: pure, no database."""
