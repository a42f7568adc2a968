"""The typed manifests, one class per kind.

Owns the list of kinds. Shape only: what ties parts of a manifest together is checked elsewhere, so that one wrong field
never hides an unknown step.
"""

from .documents import DOCUMENTS, Document

__all__ = ["DOCUMENTS", "Document"]
