"""The diagram draws what it was given, folds what nobody could read, and says so."""

import itertools

import pytest

from portal.presentation import diagram_layout
from portal.presentation.diagram import Edge, Node, build
from portal.presentation.diagram_folding import fold


def chain(*ids):
    return [Edge(a, b) for a, b in itertools.pairwise(ids)]


def fan(width, failing=()):
    arms = [f"s{n}" for n in range(width)]
    nodes = [Node("a", "a"), *(Node(arm, arm, tone="fail" if arm in failing else "ok") for arm in arms), Node("z", "z")]
    return nodes, [Edge("a", arm) for arm in arms] + [Edge(arm, "z") for arm in arms]


def test_boxes_do_not_overlap_and_lines_run_from_box_to_box():
    drawn = build([Node(i, i, ("p95 0.4 s of 1 s",)) for i in "abcd"], [*chain("a", "b", "d"), *chain("a", "c", "d")])
    assert len(drawn.nodes) == len(drawn.edges) == 4
    for one in drawn.nodes:
        assert one.left >= 0
        assert one.left + one.width <= drawn.width
        assert one.top + one.height <= drawn.height
        for other in drawn.nodes:
            apart_x = one.left + one.width <= other.left or other.left + other.width <= one.left
            apart_y = one.top + one.height <= other.top or other.top + other.height <= one.top
            assert one is other or apart_x or apart_y


def test_new_counts_on_the_same_graph_cost_no_new_layout():
    nodes = [Node("a", "a"), Node("b", "b")]
    build(nodes, [Edge("a", "b", 1)])
    before = diagram_layout.place.cache_info().misses
    build(nodes, [Edge("a", "b", 48_120)])
    assert diagram_layout.place.cache_info().misses == before


def test_a_line_taken_more_often_is_thicker_and_never_taken_is_said():
    drawn = build([Node(i, i) for i in "abc"], [Edge("a", "b", 47_972), Edge("a", "c", 0, never=True)])
    often, never = drawn.edges
    assert float(often.thickness) > float(never.thickness)
    assert (often.count, never.count, never.never) == ("47,972", "0", True)


def test_a_graph_at_the_limit_is_drawn_whole():
    drawn = build(*fan(118))
    assert len(drawn.nodes) == 120
    assert (drawn.folded, drawn.folded_sentence) == (0, "")


def test_arms_of_a_big_fan_out_become_one_box_but_the_failing_one_stays():
    drawn = build(*fan(200, failing={"s77"}))
    assert {node.title for node in drawn.nodes} == {"a", "z", "s77", "199 steps"}
    assert drawn.folded_sentence == "199 of 202 steps are folded into one box; show all 202 as a list"
    assert len(drawn.rows) == 202


def test_a_long_chain_folds_around_the_node_that_needs_a_look():
    ids = [f"s{n}" for n in range(300)]
    drawn = build([Node(i, i, tone="fail" if i == "s150" else "ok") for i in ids], chain(*ids))
    assert [node.title for node in drawn.nodes] == ["s0", "149 steps", "s150", "149 steps"]


def test_a_dense_graph_keeps_its_first_part_and_folds_the_rest():
    ids = [f"s{n}" for n in range(200)]
    edges = chain(*ids) + [Edge(ids[n], ids[n + 2]) for n in range(198)]
    drawn = build([Node(i, i, tone="fail") for i in ids], edges)
    assert len(drawn.nodes) == 120
    assert drawn.nodes[-1].title == "81 steps"
    assert drawn.nodes[-1].tone == "fail"


def test_folding_never_makes_a_cycle_or_loses_a_node():
    nodes, edges = fan(300)
    pairs = [(edge.source, edge.target) for edge in edges]
    folding = fold([node.id for node in nodes], pairs, {node.id for node in nodes}, 120)
    assert set(folding.home) == {node.id for node in nodes}
    assert all(
        (folding.home[b], folding.home[a]) not in {(folding.home[x], folding.home[y]) for x, y in pairs}
        for a, b in pairs
    )


def test_a_cycle_in_the_data_is_drawn_rather_than_followed_for_ever():
    ids = [f"s{n}" for n in range(200)]
    assert len(build([Node(i, i, tone="ok") for i in ids], chain(*ids, "s0")).nodes) <= 120


def test_an_edge_to_a_node_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="edge a to b: there is no node b"):
        build([Node("a", "a")], [Edge("a", "b")])


def test_a_long_name_is_cut_in_its_box_and_whole_in_its_title():
    name = "reserve-stock-in-every-warehouse-near-the-customer"
    node = build([Node("a", name)], []).nodes[0]
    assert node.title.endswith("…")
    assert node.full == name


def test_an_empty_workflow_has_an_empty_diagram():
    assert build([], []).nodes == []
