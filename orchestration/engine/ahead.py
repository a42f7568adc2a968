"""Run ahead: go on with a run while the record of what it has done so far is still to be made.

Only for steps that have no effect (declared `none` or `read`): if the process dies, they are executed once more, and
nobody can tell. So a row of such steps costs one commit instead of one each. Whatever may have an effect still waits until
everything before it is durable. Owns the question who may; never executes and never records.
"""

from __future__ import annotations

from orchestration.engine.begin import begin, in_hand
from orchestration.engine.claim import Claim
from orchestration.engine.gather import Item, knows_enough
from orchestration.engine.plans import free_of_effects
from orchestration.limits import KNOWN_OUTPUT
from orchestration.states import StepStatus


def run_ahead(item: Item) -> Claim | None:
    """What may be executed at once after this success; the item then says so. None: the record comes first.

    Its row is written with the record, or not at all. A large payload, whose place is another table, comes first too.
    """
    claim, executed = item.claim, item.executed
    after = claim.planned.successors
    if not item.inline or len(after) != 1 or not knows_enough(claim):
        return None
    if after[0] not in free_of_effects(claim.run.version_id):
        return None
    if max(len(executed.input), len(executed.output)) > KNOWN_OUTPUT:
        return None
    name = claim.step.name
    begun = begin(claim.run, claim.plan, {name: StepStatus.SUCCEEDED}, name, item.at, inline=True)
    if begun.mine is None:
        return None
    claim.turn.steps += 1
    known = {**claim.known, name: (StepStatus.SUCCEEDED, executed.output)}
    item.begun, item.ahead = begun, in_hand(claim.run, claim.plan, begun.mine, known, claim.turn)
    return item.ahead
