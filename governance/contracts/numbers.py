"""Numbers within bounds, on a step and off others: exact, in fractions. Owns nothing else."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from fractions import Fraction

from governance.contracts.clause import Clause
from governance.contracts.values import exact, plain, type_of

#: Multiples that are tried where there are endlessly many.
TRIED = 300


def numbers(clause: Clause) -> Generator[int | float, None, bool]:
    """Numbers that meet the clause, nearest to its bounds first. Returns True at the end when there are no others."""
    refused = {exact(one) for one in clause.excluded if type_of(one) == "number"}
    step = _common(clause.multiples)
    if step is None:
        return (yield from _dense(clause, refused))
    if any((step / other).denominator == 1 for other in clause.not_multiples):
        return True
    first = math.ceil(clause.low[0] / step) if clause.low else None
    last = math.floor(clause.high[0] / step) if clause.high else None
    if clause.low and first is not None and clause.low[1] and first * step == clause.low[0]:
        first += 1
    if clause.high and last is not None and clause.high[1] and last * step == clause.high[0]:
        last -= 1
    for tried, count in enumerate(_counts(first, last)):
        if tried > TRIED + len(refused):
            return False
        number = count * step
        if number not in refused and not any((number / other).denominator == 1 for other in clause.not_multiples):
            yield plain(number)
    return True


def _counts(first: int | None, last: int | None) -> Iterator[int]:
    if first is not None:
        yield from range(first, last + 1) if last is not None else iter(range(first, first + 10**9))
    elif last is not None:
        yield from range(last, last - 10**9, -1)
    else:
        for count in range(1, 10**9):
            yield count // 2 * (1 if count % 2 == 0 else -1)


def _common(steps: list[Fraction]) -> Fraction | None:
    found: Fraction | None = None
    for step in steps:
        if found is None:
            found = step
        else:
            top = math.lcm(found.numerator * step.denominator, step.numerator * found.denominator)
            found = Fraction(top, found.denominator * step.denominator)
    return found


def _dense(clause: Clause, refused: set[Fraction]) -> Generator[int | float, None, bool]:
    """Without a step there are endlessly many, but for a single one between equal bounds."""
    low, high = clause.low, clause.high
    if low and high and low[0] == high[0]:
        candidates = [low[0]]
    else:
        near = low[0] if low else (high[0] - 100 if high else Fraction(0))
        far = high[0] if high else near + 100
        wide = far - near
        whole = [Fraction(math.floor(near) + one) for one in (0, 1, 2)] + [
            Fraction(math.ceil(far) - one) for one in (0, 1)
        ]
        parts = [near + wide * Fraction(one, 1000) for one in (500, 250, 100, 10, 1, 999, 123, 371, 7, 617, 333)]
        small = [near + Fraction(one, 10**digits) for digits in (1, 2, 3) for one in (1, 3, 7)]
        candidates = (
            [near, far, *whole, *parts, *small] if not clause.not_multiples else [*parts, *small, near, far, *whole]
        )
    for number in dict.fromkeys(candidates):
        if number in refused or exact(plain(number)) != number:
            continue
        if low and (number < low[0] or (low[1] and number == low[0])):
            continue
        if high and (number > high[0] or (high[1] and number == high[0])):
            continue
        if not any((number / other).denominator == 1 for other in clause.not_multiples):
            yield plain(number)
    return bool(low and high and low[0] == high[0])
