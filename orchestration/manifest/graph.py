"""The order of a workflow's steps: edges from data references and `needs`, cycles, ancestors.

Owns the graph alone; never finds references, and never recurses: a chain may be long.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

Edges = Mapping[str, Iterable[str]]
"""Step → the steps that come before it."""


def successors(edges: Edges) -> dict[str, list[str]]:
    """The same edges the other way, in the order of the steps."""
    after: dict[str, list[str]] = {name: [] for name in edges}
    for name, before in edges.items():
        for other in before:
            after[other].append(name)
    return after


def topological(edges: Edges) -> list[str]:
    """Every step after its predecessors; steps of a cycle and what follows them are left out."""
    open_edges = {name: len(set(before)) for name, before in edges.items()}
    after = successors({name: set(before) for name, before in edges.items()})
    ready = deque(name for name, count in open_edges.items() if not count)
    order: list[str] = []
    while ready:
        name = ready.popleft()
        order.append(name)
        for other in after[name]:
            open_edges[other] -= 1
            if not open_edges[other]:
                ready.append(other)
    return order


def cycles(edges: Edges) -> Iterator[list[str]]:
    """Cycles that share no step, each as `a, b, a` in the order in which data flows."""
    rest = {name: [*before] for name, before in edges.items()}
    position = {name: index for index, name in enumerate(edges)}
    while True:
        rest = _without(rest, topological(rest))
        if not rest:
            return
        seen: dict[str, int] = {}
        walk: list[str] = []
        name = next(iter(rest))
        while name not in seen:
            seen[name] = len(walk)
            walk.append(name)
            name = rest[name][0]
        cycle = walk[seen[name] :]
        first = min(range(len(cycle)), key=lambda index: position[cycle[index]])
        turned = cycle[first:] + cycle[:first]
        yield [turned[0], *reversed(turned[1:]), turned[0]]
        rest = _without(rest, cycle)


def _without(edges: dict[str, list[str]], names: Iterable[str]) -> dict[str, list[str]]:
    gone = set(names)
    return {
        name: [other for other in before if other not in gone] for name, before in edges.items() if name not in gone
    }


class Ancestors:
    """Answers whether one step always comes before another. Sets are bit masks: thousands of steps stay cheap."""

    def __init__(self, edges: Edges) -> None:
        order = topological(edges)
        self._bit = {name: 1 << position for position, name in enumerate(order)}
        self._before: dict[str, int] = {}
        for name in order:
            mask = 0
            for other in edges[name]:
                mask |= self._bit[other] | self._before[other]
            self._before[name] = mask

    def comes_before(self, earlier: str, later: str) -> bool:
        """True also where a cycle hides the answer: the cycle itself is the error then."""
        if earlier not in self._bit or later not in self._before:
            return True
        return bool(self._before[later] & self._bit[earlier])
