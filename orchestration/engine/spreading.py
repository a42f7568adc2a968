"""What a `for_each` is done for: its list, evaluated once. Owns its checks. Never begins an item: loops.py does."""

from __future__ import annotations

from orchestration.engine.claim import Claim
from orchestration.engine.payloads import encode
from orchestration.engine.scope import scope_of
from orchestration.errors import TooLarge
from orchestration.limits import MAX_ITEMS
from orchestration.manifest import ExpressionError
from orchestration.manifest.values import described
from orchestration.steps.outcome import Completed, Failed, Outcome, Spread


def spread_of(claim: Claim) -> tuple[Outcome, str]:
    """What a loop begins with, and its list as JSON text. An empty list is an end at once."""
    loop = claim.planned.for_each
    assert loop is not None
    try:
        items = loop.items.evaluate(scope_of(claim.run, loop.items.references, claim.known))
        text = encode(items, f"the items of {claim.step.name}")
    except ExpressionError as error:
        return Failed("expression", f"for_each: {error}", retryable=False), ""
    except TooLarge as error:
        return Failed("payload.too_large", str(error), retryable=False), ""
    except (TypeError, ValueError) as error:
        return Failed("payload.invalid", str(error), retryable=False), ""
    if not isinstance(items, list):
        return Failed("for_each.items", f"for_each: wanted a list, got {described(items)}", retryable=False), ""
    if len(items) > MAX_ITEMS:
        text = f"for_each: {len(items):,} items; the limit is {MAX_ITEMS:,}. Give it parts, a child run for each"
        return Failed("for_each.items", text, retryable=False), ""
    return (Spread(items) if items else Completed([])), text
