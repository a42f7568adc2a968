"""Values as YAML text, in the order they have and with long lines left whole. Owns that style. Never reads YAML."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from typing import Any


def as_yaml(values: Mapping[str, Any], *, flow: bool | None = False) -> str:
    """`flow`: None writes mappings and lists without others in them on one line, as front matter has them."""
    from ruamel.yaml import YAML  # for the few that write some

    yaml, text = YAML(typ="safe", pure=True), StringIO()
    yaml.default_flow_style, yaml.width, yaml.allow_unicode = flow, 100_000, True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.dump(dict(values), text)
    return text.getvalue()
