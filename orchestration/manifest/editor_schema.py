"""The JSON Schema of all manifests, for editors that complete and check while one types.

Owns joining the kinds into one schema. The loader stays the judge: what ties fields together is only partly said here.
"""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from .models import DOCUMENTS
from .models.steps import COMPENSATION_KINDS, KINDS


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 that accepts every kind of manifest."""
    references, schema = models_json_schema(
        [(model, "validation") for model in DOCUMENTS.values()], by_alias=True, title="Plumbline manifest"
    )
    definitions = schema["$defs"]
    definitions["Step"]["oneOf"] = _one_of(KINDS)
    definitions["Compensation"]["oneOf"] = _one_of(COMPENSATION_KINDS)
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "title": "Plumbline manifest",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata"],
        "properties": {"kind": {"enum": list(DOCUMENTS)}},
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                "then": references[(model, "validation")],
            }
            for kind, model in DOCUMENTS.items()
        ],
        "$defs": definitions,
    }


def _one_of(kinds: tuple[str, ...]) -> list[dict[str, list[str]]]:
    return [{"required": [kind]} for kind in kinds]
