"""Whole records that were superseded, in whichever words, and parts of records that were."""

from tests.decisions.case import Case


def of(subject: str, title: str = "Keep a ledger", verb: str = "") -> str:
    return f"# 5. {title}\n\n## Status\n\n{subject} superseded by [ADR-9](0009-two.md).\n\n## Context\n\nWhy.\n"


def whole(subject: str, title: str = "Keep a ledger") -> Case:
    return Case(
        f"whole: {subject}", "0005-x.md", of(subject, title), 5, title, "superseded", None, (("superseded_by", 9),)
    )


def part(subject: str, title: str = "Keep a ledger") -> Case:
    return Case(f"part: {subject}", "0005-x.md", of(subject, title), 5, title, "accepted", None, (("amended_by", 9),))


CASES = [
    whole("The decision to use SQLite was"), whole("The original decision was"), whole("The whole ADR was"), whole("This pattern is"),
    whole("This guideline has been"), whole("This work is"), whole("These decisions have been"), whole("Both are"),
    whole("All of this was"), whole("Everything in this ADR has been"), whole("The use of one ledger is"),
    whole("The decision to set a limit was"), whole("This rule is"), whole("The limit of a ledger is", "The limit of a ledger"),
    whole("“Keep the limit, not the rule” was", "Keep the limit, not the rule"),
    whole("Accepted. The original decision was"),
    part("The limit of a ledger is"), part("The decision's limit is"), part("This section is"), part("Section 3 was"), part("The last rule is"),
    part("All of section 2 is"), part("Some of it has been"), part("One clause of this decision was"), part("The third item is"),
]  # fmt: skip
