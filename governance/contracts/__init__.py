"""Contracts as schemas: comparison, and validation of payloads. Pure: no Django, no database, nothing read or fetched.

`compare(old, new)` is the door; the registry joins it with stored versions.
"""

from governance.contracts.comparing import compare
from governance.contracts.documents import InvalidSchema
from governance.contracts.report import Finding, Report

__all__ = ["Finding", "InvalidSchema", "Report", "compare"]
