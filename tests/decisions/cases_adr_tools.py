"""adr-tools and Nygard's form: a section Status, its links, and what years of hands make of it."""

from tests.decisions.case import Case, on

CONTEXT = "\n## Context\n\nThe status of this was accepted by all, and superseded by 99 others.\n"


def adr(status: str, head: str = "# 5. Keep a ledger\n\nDate: 2019-04-05\n") -> str:
    return f"{head}\n## Status\n\n{status}\n{CONTEXT}"


DAY = on("2019-04-05")


def case(
    name,
    text,
    status,
    links=(),
    day=DAY,
    number=5,
    title="Keep a ledger",
    path="doc/adr/0005-keep-a-ledger.md",
    **more,
):
    return Case(name, path, text, number, title, status, day, tuple(links), **more)


CASES = [
    case("plain", adr("Accepted"), "accepted"),
    case("superceded with its spelling", adr("Superceded by [9. Keep two](0009-keep-two.md)"), "superseded", [("superseded_by", 9)]),
    case("superseded rightly spelt", adr("Superseded by [9. Keep two](0009-keep-two.md)"), "superseded", [("superseded_by", 9)]),
    case(
        "accepted, with links of every kind",
        adr("Accepted\n\nSupercedes [2. One](0002-one.md)\n\nAmends [3. Two](0003-two.md)\n\nAmended by [7. Six](0007-six.md)\n\nClarifies [4. X](0004-x.md)"),
        "accepted",
        [("supersedes", 2), ("amends", 3), ("amended_by", 7), ("relates", 4)],
    ),
    case("accepted, then superseded below", adr("Accepted\n\nSuperseded by [9. Keep two](0009-keep-two.md)"), "superseded", [("superseded_by", 9)]),
    case("struck out", adr("~~Accepted~~ Deprecated"), "deprecated"),
    case("emoji", adr("✅ Accepted"), "accepted", raw="✅ Accepted"),
    case("a thinking face", adr("🤔 Proposed"), "proposed"),
    case("shortcode", adr(":hourglass: Superseded by ADR-009"), "superseded", [("superseded_by", 9)]),
    case("bold", adr("**Accepted**"), "accepted"),
    case("italic with a date", adr("_Accepted (2019-05-06)_"), "accepted"),
    case("quoted", adr("> Rejected"), "rejected"),
    case("a badge", adr("![status](https://img.shields.io/badge/status-accepted-green.svg)"), "accepted"),
    case("a link", adr("[Accepted](https://example.org/minutes/12)"), "accepted"),
    case("a sentence", adr("This ADR has been accepted."), "accepted"),
    case("a sentence about the team", adr("The team agreed on this and it was approved in March."), "accepted"),
    case("date before the word", adr("2019-04-09 proposed"), "proposed"),
    case("a history with dates, newest first", adr("* 2020-02-02 Deprecated\n* 2019-04-05 Accepted\n* 2019-03-01 Proposed"), "deprecated"),
    case("a history with dates, newest last", adr("- 2019-03-01: Proposed\n- 2019-04-05: Accepted"), "accepted"),
    case("a history without dates", adr("Proposed\n\nAccepted"), "accepted"),
    case("an arrow", adr("Proposed → Accepted"), "accepted"),
    case("boxes to tick", adr("- [ ] Proposed\n- [x] Accepted\n- [ ] Deprecated"), "accepted"),
    case("choices, one in bold", adr("Proposed | **Accepted** | Deprecated"), "accepted"),
    case("choices, none made", adr("Proposed | Accepted | Deprecated | Superseded"), None, raw=""),
    case("accepted with an essay", adr("Accepted\n\nRejected alternatives are listed below. Proposed dates may move."), "accepted"),
    case("implemented in a pull request", adr("Implemented in #123"), "accepted"),
    case("accepted, not yet implemented", adr("ACCEPTED Not Implemented"), "accepted"),
    case("not accepted", adr("Not accepted"), "rejected"),
    case("not yet accepted", adr("Not yet accepted"), "proposed"),
    case("pending", adr("Pending"), "proposed"),
    case("pending approval", adr("Pending approval by architects"), "proposed"),
    case("work in progress", adr("WIP"), "draft"),
    case("unknown words", adr("Parked until the merger"), None, raw="Parked until the merger", warns="none of ours"),
    case("partly superseded", adr("Partially superseded by [9. Keep two](0009-keep-two.md)"), "accepted", [("amended_by", 9)]),
    case("superseded twice", adr("Superseded by [8](0008-a.md) and [9](0009-b.md)"), "superseded", [("superseded_by", 8), ("superseded_by", 9)]),
    case("superseded, see", adr("Superseded, see [ADR 9](0009-keep-two.md)"), "superseded", [("superseded_by", 9)]),
    case("superseded by something that is no record", adr("Superseded by the new ledger service"), "superseded", [("superseded_by", None)]),
    case("wrapped before its link", adr("**Superseded (2019-05-06)** by\n[`docs/adr/0009`: Keep two](../0009-keep-two.md)."), "superseded", [("superseded_by", 9)]),
    case("accepted and partly superseded", adr("Accepted, and **partly superseded by\n[ADR-0009](0009-keep-two.md)**, which adds a name."), "accepted", [("amended_by", 9)]),
    case("two in one clause, wrapped", adr("Accepted\n\nSupersedes [ADR 1](0001-a.md) and\n[ADR 2](0002-b.md)."), "accepted", [("supersedes", 1), ("supersedes", 2)]),
    case("superseded by another's own words", adr("Superseded — reverted to stock, per [0009](./0009-keep-two.md)."), "superseded", [("superseded_by", 9)]),
    case("accepted on a day, in a sentence", adr("Accepted, 2020-01-02, with one claim narrowed on 2021-08-01."), "accepted"),
    case("replaced by a number", adr("Replaced by 0009"), "superseded", [("superseded_by", 9)]),
    case("accepted and supersedes in one line", adr("Accepted, supersedes ADR-2 and ADR-3"), "accepted", [("supersedes", 2), ("supersedes", 3)]),
    case("setext headings", "5. Keep a ledger\n================\n\nDate: 2019-04-05\n\nStatus\n------\n\nAccepted\n\nContext\n-------\n\nX\n", "accepted"),
    case("status in the heading", f"# 5. Keep a ledger\n\nDate: 2019-04-05\n\n## Status: Accepted\n{CONTEXT}", "accepted"),
    case("headings of one level", "# 5. Keep a ledger\n\n# Status\n\nObsolete\n\n# Date\n\n2019-04-05\n\n# Context\n", "deprecated"),
    case("a status in a code fence", "# 5. Keep a ledger\n\nDate: 2019-04-05\n\n```markdown\n## Status\n\nRejected\n```\n\n## Status\n\nAccepted\n", "accepted"),
    case("a status in a comment", adr("<!-- Proposed\nRejected -->\nAccepted"), "accepted"),
    case("day first", adr("Accepted", "# 5. Keep a ledger\n\nDate: 25/12/2019\n"), "accepted", day=on("2019-12-25")),
    case("day first, doubtful", adr("Accepted", "# 5. Keep a ledger\n\nDate: 03/04/2019\n"), "accepted", day=on("2019-04-03"), warns="day, month, year"),
    case("month first, since there is no month 25", adr("Accepted", "# 5. Keep a ledger\n\nDate: 12/25/2019\n"), "accepted", day=on("2019-12-25")),
    case("a month by name", adr("Accepted", "# 5. Keep a ledger\n\nDate: March 3rd, 2021\n"), "accepted", day=on("2021-03-03")),
    case("a day before a month by name", adr("Accepted", "# 5. Keep a ledger\n\n**Date:** 3rd of March 2021\n"), "accepted", day=on("2021-03-03")),
    case("with a time", adr("Accepted", "# 5. Keep a ledger\n\nDate: 2021-03-03 10:00\n"), "accepted", day=on("2021-03-03")),
    case("only last updated", adr("Accepted", "# 5. Keep a ledger\n\nLast updated: 2021-03-03\n"), "accepted", day=on("2021-03-03")),
    case("a month and no day", adr("Accepted", "# 5. Keep a ledger\n\nDate: March 2021\n"), "accepted", day=None, warns="names no day"),
    case("date of the status only", adr("Accepted (2023-05-01)", "# 5. Keep a ledger\n"), "accepted", day=on("2023-05-01")),
    case("title with a prefix", adr("Accepted", "# ADR-005: Keep a ledger\n\nDate: 2019-04-05\n"), "accepted"),
    case("title with a dash", adr("Accepted", "# ADR 5 — Keep a ledger\n\nDate: 2019-04-05\n"), "accepted"),
    case("title with another number", adr("Accepted", "# 6. Keep a ledger\n\nDate: 2019-04-05\n"), "accepted", warns="the name counts"),
    case("a hash in the name", adr("Accepted", "# Use C# and F# for ledgers\n\nDate: 2019-04-05\n"), "accepted", path="0005-use-c#.md", title="Use C# and F# for ledgers"),
    case("another script", adr("已接受", "# 5. 使用账本\n\n日期: 2019-04-05\n"), "accepted", title="使用账本"),
    case("no date", adr("Accepted", "# 5. Keep a ledger\n"), "accepted", day=None),
    case("reference links", adr("Superseded by [that one][new]\n\n[new]: 0009-keep-two.md"), "superseded", [("superseded_by", 9)]),
    case("a reference of Hugo", adr("Accepted") + "\n## Links\n\n* supersedes [ADR-0003 Storage]({{< ref \"0003-storage.md\" >}})\n", "accepted", [("supersedes", 3)]),
    case("a verb under a label of its own", adr("Accepted", "# 5. Keep a ledger\n\nDate: 2019-04-05\n\n**Relationship to ADR 004:** supersedes [ADR 004](0004-x.md)\n"), "accepted", [("supersedes", 4)]),
    case("the choices in a comment", adr("Accepted <!-- Proposed | Accepted | Superseded by NNNN | Deprecated -->"), "accepted"),
    case("note above", f"# 5. Keep a ledger\n\nDate: 2019-04-05\n\n> **Note** This ADR has been superseded by [ADR-9](0009-keep-two.md).\n{CONTEXT}", "superseded", [("superseded_by", 9)]),
]  # fmt: skip
