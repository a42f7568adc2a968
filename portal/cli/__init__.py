"""The `plumbline` command: an HTTP client of the portal for people and pipelines.

Owns arguments, output and exit codes. Never imports Django and never touches the database: whatever it does, the REST
API does. Heavy libraries are imported where they are used, so that the command answers at once.
"""

from .program import main

__all__ = ["main"]
