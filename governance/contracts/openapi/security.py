"""What a call must prove of itself. Owns the rule: whoever could call an operation still can.

Each alternative of the old document needs one of the new that asks for no other scheme and no other scope.
"""

from __future__ import annotations

from collections.abc import Iterator

from governance.contracts.openapi.changes import Change
from governance.contracts.openapi.operations import Operation
from governance.contracts.openapi.source import Source, mapping
from governance.contracts.values import escaped

Need = frozenset[tuple[str, frozenset[str]]]
#: What is not said of how a scheme is used.
_WORDS = frozenset({"description", "bearerFormat"})


def needs(old: Operation, new: Operation) -> Iterator[Change]:
    """Of one operation."""
    lost = [
        one
        for one in old.security or [frozenset()]
        if not any(_within(other, one) for other in new.security or [frozenset()])
    ]
    for one in lost:
        text = f"{new.title}: {_told(one)} is not enough any more; a call needs {' or '.join(map(_told, new.security))}"
        yield Change("security-tightened", f"{new.pointer}/security", text, "breaking")
    if not lost and old.security != new.security:
        yield Change(
            "security-relaxed",
            f"{new.pointer}/security",
            f"{new.title}: asks for other or fewer proofs of a caller",
            "",
        )


def schemes(base: Source, revision: Source) -> Iterator[Change]:
    """Of the schemes that both documents name."""
    old, new = (
        mapping(one.components.get("securitySchemes"), f"{one.name}: /components/securitySchemes")
        for one in (base, revision)
    )
    for name in old.keys() & new.keys():
        pointer = f"/components/securitySchemes/{escaped(str(name))}"
        before, after = (source.follow(one[name], pointer)[0] for source, one in ((base, old), (revision, new)))
        words = sorted(
            word
            for word in before.keys() | after.keys()
            if _meant(word, before.get(word)) != _meant(word, after.get(word)) and word not in _WORDS
        )
        if words == ["flows"]:
            yield Change("security-scheme-flows-changed", pointer, f"the flows of {name} are others", "")
        elif words:
            text = f"the security scheme {name} has another {' and '.join(words)}: who proves it the old way is refused"
            yield Change("security-scheme-changed", pointer, text, "breaking")


def _meant(word: str, value: object) -> object:
    """A word's value; HTTP knows its schemes in any case (RFC 9110, 11.1)."""
    return value.lower() if word == "scheme" and isinstance(value, str) else value


def _within(need: Need, given: Need) -> bool:
    """Whether who proves `given` has proved `need`."""
    scopes = dict(given)
    return all(scheme in scopes and wanted <= scopes[scheme] for scheme, wanted in need)


def _told(need: Need) -> str:
    parts = (
        f"{scheme} ({', '.join(sorted(scopes))})" if scopes else scheme for scheme, scopes in sorted(need, key=str)
    )
    return " and ".join(parts) or "nothing"
