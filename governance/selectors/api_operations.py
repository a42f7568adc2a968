"""The operations of a version of an API with who calls them, and the calls that fit none. Never writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from governance.contracts.openapi.calling import Api
from governance.contracts.openapi.operations import Operation
from governance.selectors.api_uses import ApiUse, newest_live
from governance.selectors.impact import Use, impact


@dataclass(slots=True)
class Row:
    """An operation, the calls of it, and how often their workflows ran."""

    operation: Operation
    calls: list[ApiUse] = field(default_factory=list)
    uses: dict[str, Use] = field(default_factory=dict)

    @property
    def runs(self) -> int:
        """Of all workflows that call it, in 28 days."""
        return sum(use.month for use in self.uses.values())

    @property
    def many(self) -> bool:
        """Whether counting stopped: at least so many."""
        return any(use.many for use in self.uses.values())


@dataclass(frozen=True, slots=True)
class Offered:
    """`rows` in the document's order; `astray`: calls of what it does not offer, with why; `unsure`: only a run can tell."""

    rows: list[Row]
    astray: list[tuple[ApiUse, str]]
    unsure: list[ApiUse]

    @property
    def calls(self) -> int:
        """How many calls there are."""
        return sum(len(row.calls) for row in self.rows) + len(self.astray) + len(self.unsure)


def operations_of(api: Api, calls: Iterable[ApiUse]) -> Offered:
    """By the highest version of each workflow that can be started; what only older ones call is about to go."""
    mine = list(calls)
    newest = newest_live({use.version.workflow_id for use in mine})
    mine = [use for use in mine if newest.get(use.version.workflow_id) == use.version.pk]
    uses = {use.workflow: use for use in impact(mine)}
    rows = {key: Row(one) for key, one in api.operations.items()}
    astray: list[tuple[ApiUse, str]] = []
    unsure: list[ApiUse] = []
    for use in mine:
        found, workflow = api.match(use.call), use.version.workflow.name
        if found.operation is not None:
            row = rows[found.operation.path, found.operation.method]
            row.calls.append(use)
            row.uses[workflow] = uses[workflow]
        elif found.why:
            astray.append((use, found.why))
        else:
            unsure.append(use)
    return Offered(list(rows.values()), astray, unsure)
