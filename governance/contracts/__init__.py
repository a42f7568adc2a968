"""Contracts as schemas: comparison, and validation of payloads. Pure: no Django, no database, nothing read or fetched.

`compare(old, new)` is the door for schemas, `compare_openapi(base, revision)` for APIs; the registry joins them with stored
versions.
"""

from governance.contracts.comparing import compare
from governance.contracts.openapi.comparing import compare_openapi
from governance.contracts.report import Finding, Report
from governance.contracts.vocabulary import InvalidSchema

__all__ = ["Finding", "InvalidSchema", "Report", "compare", "compare_openapi"]
