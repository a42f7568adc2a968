"""A diff loses no line, counts right and marks the words that changed."""

from hypothesis import given
from hypothesis import strategies as st

from portal.presentation.textdiff import diff


def line(row):
    return "".join(part.text for part in row.parts)


def marked(row):
    return [part.text for part in row.parts if part.marked]


def test_equal_texts_have_no_rows():
    assert not diff("a\nb", "a\nb").changed


def test_changed_words_are_marked_and_unchanged_stretches_are_folded():
    old = "\n".join(f"line {n}" for n in range(30)) + '\n"maxLength": 40\nend'
    rows = diff(old, old.replace("40", "22")).rows
    assert rows[0].note == "27 unchanged lines"
    removed, added = (row for row in rows if row.kind in {"del", "add"})
    assert (removed.old, removed.new, marked(removed)) == (31, None, ["40"])
    assert (added.old, added.new, marked(added)) == (None, 31, ["22"])


def test_a_gap_of_one_line_is_shown_rather_than_announced():
    old = "a\n1\n2\n3\n4\n5\n6\n7\nb"
    new = old.replace("a", "A").replace("b", "B")
    assert all(row.kind != "gap" for row in diff(old, new).rows)


def test_lines_that_have_nothing_in_common_are_not_marked():
    rows = diff("alpha beta gamma", "1 + 2 = 3, x").rows
    assert all(not marked(row) for row in rows)


def test_a_difference_in_line_ends_only_is_said_instead_of_hidden():
    difference = diff("a\nb", "a\r\nb\n")
    assert difference.changed
    assert "ends of lines" in difference.rows[0].note


def test_a_text_that_turns_its_reading_direction_round_is_unmasked():
    assert "⟨U+202E⟩" in line(diff("", "if admin\u202e").rows[0])


TEXT = st.lists(st.sampled_from(["a", "b b", "c: 1", ""]), max_size=12).map("\n".join)


@given(TEXT, TEXT)
def test_with_enough_context_both_texts_can_be_read_off_the_rows(old, new):
    difference = diff(old, new, context=100)
    if old.splitlines() == new.splitlines():
        return
    assert [line(r) for r in difference.rows if r.old is not None] == old.splitlines()
    assert [line(r) for r in difference.rows if r.new is not None] == new.splitlines()
    assert difference.added == sum(r.kind == "add" for r in difference.rows)


def test_texts_of_a_million_characters_are_not_compared_and_that_is_said():
    (row,) = diff("a\n" * 300_000, "b\n" * 300_000).rows
    assert (row.kind, row.note) == ("gap", "600,000 characters are too many to be compared line by line")
