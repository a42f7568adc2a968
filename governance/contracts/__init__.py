"""Contracts as schemas: comparison, and validation of payloads. Pure: no Django, no database, nothing read or fetched.

`compare(old, new)` is the door; the registry joins it with stored versions.
"""

from governance.contracts.comparing import compare
from governance.contracts.report import Finding, Report
from governance.contracts.vocabulary import InvalidSchema

__all__ = ["Finding", "InvalidSchema", "Report", "compare"]
