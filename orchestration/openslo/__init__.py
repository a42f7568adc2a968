"""Objectives as OpenSLO v1 documents, and OpenSLO documents as objectives. Pure: no Django, no database."""

from .reading import Found, Reading, read
from .writing import document, write

__all__ = ["Found", "Reading", "document", "read", "write"]
