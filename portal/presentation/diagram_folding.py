"""Folds a big graph until it can be read: twins first, then plain chains, then what comes last.

Owns which nodes are drawn as one. Twins and chains never hide a failing or degraded node, and nothing makes a cycle:
twins share all their neighbours, a chain has one way in and out, and the tail has no edge back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Pair = tuple[str, str]


@dataclass(frozen=True)
class Folding:
    """`home[id]` is the node that is drawn for id; `groups` are the drawn nodes that stand for several."""

    home: Mapping[str, str]
    groups: Mapping[str, list[str]]

    @property
    def folded(self) -> int:
        return sum(len(members) for members in self.groups.values())


def fold(ids: Sequence[str], edges: Sequence[Pair], calm: set[str], limit: int) -> Folding:
    """Fold until at most `limit` nodes are drawn. `calm` are the nodes with nothing wrong."""
    home = {node: node for node in ids}
    if len(ids) <= limit:
        return Folding(home, {})
    for twins in _twins(ids, edges, calm):
        for node in twins:
            home[node] = twins[0]
    if len(set(home.values())) > limit:
        lines = {(home[source], home[target]) for source, target in edges}
        heads = _chains([node for node in ids if home[node] == node], sorted(lines), calm)
        home = {node: heads.get(target, target) for node, target in home.items()}
    drawn = [node for node in _in_order(ids, edges) if home[node] == node]
    if len(drawn) > limit:
        tail = drawn[limit - 1 :]
        moved = dict.fromkeys(tail, tail[0])
        home = {node: moved.get(target, target) for node, target in home.items()}
    members: dict[str, list[str]] = defaultdict(list)
    for node in ids:
        members[home[node]].append(node)
    return Folding(home, {target: nodes for target, nodes in members.items() if len(nodes) > 1})


def _twins(ids: Sequence[str], edges: Sequence[Pair], calm: set[str]) -> list[list[str]]:
    """Calm nodes with the same predecessors and successors: the arms of a fan-out."""
    before: dict[str, set[str]] = defaultdict(set)
    after: dict[str, set[str]] = defaultdict(set)
    for source, target in edges:
        before[target].add(source)
        after[source].add(target)
    alike: dict[tuple[frozenset[str], frozenset[str]], list[str]] = defaultdict(list)
    for node in ids:
        if node in calm:
            alike[frozenset(before[node]), frozenset(after[node])].append(node)
    return [nodes for nodes in alike.values() if len(nodes) > 2]


def _chains(ids: Sequence[str], edges: Sequence[Pair], calm: set[str]) -> dict[str, str]:
    """For calm nodes in a row, with one way in and one way out, the first of them."""
    before: dict[str, list[str]] = defaultdict(list)
    after: dict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        before[target].append(source)
        after[source].append(target)
    plain = {node for node in ids if node in calm and len(before[node]) == 1 and len(after[node]) <= 1}
    heads: dict[str, str] = {}
    for node in _in_order(ids, edges):
        if node in plain:
            heads[node] = heads.get(before[node][0], node) if before[node][0] in plain else node
    return heads


def _in_order(ids: Sequence[str], edges: Sequence[Pair]) -> list[str]:
    """Predecessors first, by distance from the start. Nodes on a cycle come last: nothing before them waits for one."""
    waiting = dict.fromkeys(ids, 0)
    after: dict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        waiting[target] += 1
        after[source].append(target)
    ready = [node for node in ids if not waiting[node]]
    order: list[str] = []
    while ready:
        following: list[str] = []
        for node in ready:
            order.append(node)
            for target in after[node]:
                waiting[target] -= 1
                if not waiting[target]:
                    following.append(target)
        ready = following
    seen = set(order)
    return order + [node for node in ids if node not in seen]
