"""What the registry's clients are told when something can't be: an error code whose first three digits are the HTTP status.

Owns the codes and their words, which programs compare, so they never change. Codes: Confluent Schema Registry API, "Errors".
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.errors import PlumblineError

ALLOWED_VERSIONS = 'Allowed values are between [1, 2^31-1] and the string "latest"'


class RegistryFault(PlumblineError):
    """A refusal with its code. Half a surrogate of what was sent is told as a question mark: an answer is UTF-8."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message.encode(errors="replace").decode())
        self.number = number


def no_subject(name: str) -> RegistryFault:
    return RegistryFault(40401, f"Subject '{name}' not found.")


def no_version(number: object) -> RegistryFault:
    return RegistryFault(40402, f"Version {number} not found.")


def no_schema(number: object = "") -> RegistryFault:
    return RegistryFault(40403, f"Schema {number} not found" if number != "" else "Schema not found")


def subject_is_deleted(name: str) -> RegistryFault:
    return RegistryFault(40404, f"Subject '{name}' was soft deleted.Set permanent=true to delete permanently")


def subject_is_not_deleted(name: str) -> RegistryFault:
    return RegistryFault(40405, f"Subject '{name}' was not deleted first before being permanently deleted")


def version_is_deleted(name: str, number: int) -> RegistryFault:
    text = f"Subject '{name}' Version {number} was soft deleted.Set permanent=true to delete permanently"
    return RegistryFault(40406, text)


def version_is_not_deleted(name: str, number: int) -> RegistryFault:
    text = f"Subject '{name}' Version {number} was not deleted first before being permanently deleted"
    return RegistryFault(40407, text)


def no_level(name: str) -> RegistryFault:
    return RegistryFault(40408, f"Subject '{name}' does not have subject-level compatibility configured")


def no_mode(name: str) -> RegistryFault:
    return RegistryFault(40409, f"Subject '{name}' does not have subject-level mode configured")


def incompatible(subject: str, reasons: Sequence[str], asked: Sequence[str]) -> RegistryFault:
    more = [f"and {len(reasons) - 5} more"] if len(reasons) > 5 else []
    told = "; ".join([*reasons[:5], *more, *asked])
    text = f'Schema being registered is incompatible with an earlier schema for subject "{subject}", details: [{told}]'
    return RegistryFault(409, text)


def invalid_schema(why: str) -> RegistryFault:
    return RegistryFault(42201, f"Invalid schema: {why}")


def no_reference(subject: str, number: int, why: str) -> RegistryFault:
    return invalid_schema(f'No schema reference found for subject "{subject[:255]}" and version {number}, {why}')


def invalid_version(text: str) -> RegistryFault:
    return RegistryFault(42202, f"The specified version '{text}' is not a valid version id. {ALLOWED_VERSIONS}")


def invalid_level() -> RegistryFault:
    """In the words that clients of registries know."""
    levels = "none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive"
    return RegistryFault(42203, f"Invalid compatibility level. Valid values are {levels}")


def invalid_mode(modes: str) -> RegistryFault:
    return RegistryFault(42204, f"Invalid mode. Valid values are {modes}")


def not_permitted(why: str) -> RegistryFault:
    return RegistryFault(42205, why)


def referenced(subject: str, number: int, by: str) -> RegistryFault:
    return RegistryFault(42206, f"One or more references exist to Subject '{subject}' Version {number}: {by}")
