"""What every part of a manifest shares: strict types, no unknown keys, frozen once read.

Owns the base class and the two shapes that need help from pydantic. Never knows a kind.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue, RootModel, ValidationInfo, model_validator


class Part(BaseModel):
    """A mapping with known keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _remember(cls, data: Any, info: ValidationInfo) -> Any:
        """Note which class read which mapping, so that an unknown key can be told what is known there."""
        if info.context is not None:
            info.context[id(data)] = cls
        return data

    @classmethod
    def known_keys(cls) -> tuple[str, ...]:
        return tuple(field.alias or name for name, field in cls.model_fields.items())


class Computed(RootModel[JsonValue]):
    """Any JSON value with expressions. A class of its own so that a written `null` differs from nothing written."""

    model_config = ConfigDict(frozen=True)


def _computed(value: Any) -> Computed:
    return value if isinstance(value, Computed) else Computed(value)


ComputedValue = Annotated[Computed | None, BeforeValidator(_computed)]

HIDDEN = "\0"
"""Begins the tags of unions. No manifest key can hold it, so that tags are told from keys in the place of an error."""
