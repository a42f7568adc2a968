"""Data contracts in the Open Data Contract Standard (ODCS) v3: read strictly, compared, and written. Pure, like its package.

The standard's own JSON Schema comes from the package open-data-contract-standard. Imported where the first such contract comes.
"""

from governance.contracts.odcs.comparing import compare_odcs
from governance.contracts.odcs.reading import check_odcs

__all__ = ["check_odcs", "compare_odcs"]
