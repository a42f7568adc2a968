"""Tests of the `plumbline` command against a stub of the portal."""
