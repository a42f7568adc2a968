"""What hands do to records that no tool would: parts superseded, tickets in brackets, amendments, other tongues, lists of pairs."""

from tests.decisions.case import Case, on


def adr(status: str, head: str = "# 5. Keep a ledger\n") -> str:
    return f"{head}\n## Status\n\n{status}\n\n## Context\n\nWhy a ledger.\n"


def body(text: str) -> str:
    return f"# 5. Keep a ledger\n\n## Status\n\nAccepted\n\n## Context\n\n{text}\n"


def case(name, text, status, links=(), day=None, path="0005-ledger.md", number=5, title="Keep a ledger", **more):
    return Case(name, path, text, number, title, status, day, tuple(links), **more)


BY_NINE = [("superseded_by", 9)]
CASES = [
    case("superseded in part, behind the link", adr("Superseded by [9](0009-two.md) in part: an empty line is no error"), "accepted", [("amended_by", 9)]),
    case("a part that is superseded", adr("Accepted (2020-01-02); the `limit` column is superseded by [ADR-9](0009-two.md)"), "accepted", [("amended_by", 9)], on("2020-01-02")),
    case("itself, in many words", adr("Accepted, and this decision has since been superseded by [ADR-9](0009-two.md)"), "superseded", BY_NINE),
    case("partly, and by a label below", adr("Partially superseded.\n\nSuperseded by: ADR-9 — the column of limits. The rest stays."), "accepted", [("amended_by", 9)]),
    case("a sentence that is wrapped before its status", adr("Partially superseded by ADR 9. The rule that a ledger is written by hand only is\nsuperseded; all others stay."), "accepted", [("amended_by", 9)]),
    case("a ticket behind the successor", adr("Superseded by ADR-9 (#2345): one column takes the place of three"), "superseded", BY_NINE),
    case("sections of what it names", adr("Replaced by [ADR 9](0009-two.md)\n§6 and [ADR 3](0003-x.md). Nobody reads this."), "superseded", [("superseded_by", 9), ("superseded_by", 3)]),
    case(
        "an explanation with numbers", "# 5. Keep a ledger\n\n- **Status**: Superseded by ADR-9\n- **Superseded by**: [ADR-9](0009-two.md) (2021-06-09), since it failed on call 12 with HTTP 500, see ADR-4\n",
        "superseded", BY_NINE,
    ),
    case("amended later", adr("Accepted, 2020-01-02\n\nAmended by [ADR-9](0009-two.md) (2021-02-03): two columns."), "accepted", [("amended_by", 9)], on("2020-01-02")),
    case("amended later, in one line", adr("✅ Accepted. Amended 2021-02-03 (by the council): two columns."), "accepted"),
    case("a wrapped verb", "# 5. Keep a ledger\n\nStatus: accepted\n\nKept since the audit asks for it. This decision\nsupersedes [ADR 2](0002-x.md).\n", "accepted", [("supersedes", 2)]),
    case("a bare name as successor", adr("Replaced by 0009-two-ledgers"), "superseded", BY_NINE),
    case("the successor's stamp is no date of it", "# Keep a ledger\n\n- Status: superseded by [20210621T000000Z_two.md](20210621T000000Z_two.md)\n- Created: 2020-06-18T14:10:00Z\n", "superseded", [("superseded_by", None)], on("2020-06-18"), path="20200618T141000Z_keep.md", number=None),
    case("an active review", "# Keep a ledger\n\n* Proposal: [SE-0005](0005-ledger.md)\n* Status: **Active review (January 12...26, 2026)**\n", "proposed"),
    case("a stage", "---\nstage: discontinued\nstart-date: 2022-01-29T00:00:00.000Z\n---\n\n# Keep a ledger\n\n## Summary\n\nX\n", "deprecated", day=on("2022-01-29")),
    case("the software's stage", "---\nstage: alpha\nstatus: implementable\ncreation-date: 2019-01-30\n---\n\n# Keep a ledger\n", "accepted", day=on("2019-01-30")),
    case("a number under its own key", "---\nkep-number: 5\ntitle: Keep a ledger\nstatus: provisional\n---\n\n# Title\n\nKeep a ledger\n", "proposed", path="20190130-ledger.md", day=on("2019-01-30")),
    case(
        "a list of pairs", "================\nOEP-5: Keep a ledger\n================\n.. list-table::\n   :widths: 25 75\n\n   * - Last Modified\n     - 2022-03-04\n   * - Status\n     - Accepted\n   * - Created\n     - 2022-02-09\n\nAbstract\n========\n\nX\n",
        "accepted", day=on("2022-02-09"), path="oep-0005-ledger.rst",
    ),
    case("no title, only sections", "Status\n======\nDraft\n\nContext\n=======\n\nX\n\nRecommendation\n==============\n\nY\n", "draft", path="0005-keep-a-ledger.rst"),
    case("a page in its own folder", "---\ntitle: Keep a ledger\nstatus: ongoing\ncreation-date: \"2024-09-11\"\n---\n\n## Summary\n\nX\n", "accepted", day=on("2024-09-11"), path="keep_a_ledger/_index.md", number=None),
    case("letters of another house", "# SD-005 Keep a ledger\n\nStatus: Accepted\n", "accepted", path="SD-005-ledger.md", title="SD-005 Keep a ledger"),
    case("an ordinal is no number", "# Keep a ledger\n\nStatus: Accepted\n", "accepted", path="3rd-party-ledger.md", number=None),
    case("side by side in Spanish", "# ADR 5 · Keep a ledger\n\nFecha: 2026-09-28 · Estado: vigente · **Cierra la 4**\n", "accepted", day=on("2026-09-28")),
    case("modified, in Spanish", "# ADR 5 — Keep a ledger\n\n- Estado: aceptado\n- Modificada por: [[ADR-9-dos|D-9]]\n", "accepted", [("amended_by", 9)]),
    case("taken over, in German", "# ADR 5: Keep a ledger\n\n- Status: Abgelöst durch ADR-9 (Zwei)\n", "superseded", BY_NINE),
    case("what a text says of others", body("It was later replaced by [ADR-4](0004-x.md). This decision extends rather than replaces ADR-2. It supersedes ADR-3."), "accepted"),
    case("a part of another, deep in the text", body("First words. This decision replaces ADR-3's limit, and none of the others but ADR-7's name stays."), "accepted", [("amends", 3)]),
    case("a range under a label", "# 5. Keep a ledger\n\n- Status: accepted\n- Supersedes: ADR-1 through ADR-4\n", "accepted", [("supersedes", n) for n in (1, 2, 3, 4)]),
    case("a range with spaces under a label", "# 5. Keep a ledger\n\n- Status: accepted\n- Supersedes: ADR-1 – ADR-3\n", "accepted", [("supersedes", n) for n in (1, 2, 3)]),
    case("a dash in a sentence", "# 5. Keep a ledger\n\nStatus: accepted\n\nSupersedes ADR-1 - ADR-4 has the details.\n", "accepted", [("supersedes", 1)]),
    case("a title that speaks of parts", "# 5. Keep a ledger\n\n- Status: accepted\n- Supersedes: [Split parts of the monolith](0004-split.md)\n", "accepted", [("supersedes", 4)]),
    case("if we agree", body("This replaces [ADR-3](0003-x.md) if we agree. This replaces [ADR-4](0004-x.md)."), "accepted", [("supersedes", 4)]),
    case("once it is approved", "# 5. Keep a ledger\n\nThis supersedes [ADR-3](0003-x.md), once the board has approved it.\n", None),
    case("a range", "# 5. Keep a ledger\n\nStatus: **Accepted**\n\nSupersedes ADR-0001 through ADR-0004 as the only ledger.\n", "accepted", [("supersedes", n) for n in (1, 2, 3, 4)]),
    case("one decision of another record", "# 5. Keep a ledger\n\nStatus: accepted\nSupersedes: [ADR-2](0002-x.md) Decision 1 (only)\n", "accepted", [("supersedes", 2)]),
    case("a decision date below its heading", "# Keep a ledger\n\n## Decision\n\nOne ledger.\n\n**Decision Date**: 2025-11-16  \n**Status**: ✅ Implemented\n\n## Rationale\n\nX\n", "accepted", day=on("2025-11-16")),
    case("supersedes nothing, and why, in Chinese", "# ADR-5 · Keep a ledger\n\n- 状态：已接受\n- 日期：2026-09-21\n- 取代：无（第一个）\n", "accepted", day=on("2026-09-21")),
    case("supersedes in part, in Chinese", "# ADR-5：Keep a ledger\n\n- 状态：已接受\n- 日期：2026-09-21\n- 局部取代：ADR-0003 的第一条\n", "accepted", [("amends", 3)], on("2026-09-21")),
    case("in part, with the parts on the next lines", "# 5. Keep a ledger\n\n- **Status:** accepted\n- **Supersedes:** [ADR-2](0002-x.md) **in part**: decisions #11\n  (one owner) and #14 (the name). Every other word of ADR-2 stands.\n", "accepted", [("amends", 2)]),
    case("portions of two", "# 5. Keep a ledger\n\n| Field | Value |\n|---|---|\n| Status | Accepted |\n| Supersedes | Open portions of ADR-2, ADR-3, and TCK-7 |\n", "accepted", [("amends", 2), ("amends", 3)]),
    case("a file's name with spaces", "---\nstatus: accepted\nsupersedes: 2026-08-12 - Two ledgers.md\n---\n# Keep a ledger\n", "accepted", [("supersedes", None)]),
    case("a section of its last day", "# 5. Keep a ledger\n\n### Status\n\naccepted\n\n### Last Update\n\n2021-05-28\n\n### Issue\n\nX\n", "accepted", day=on("2021-05-28")),
    case("in Korean", "# 5. Keep a ledger\n\n- 상태: 승인됨\n- 날짜: 2021-05-28\n", "accepted", day=on("2021-05-28")),
    case("the template's own explanation", adr('> A record may be "proposed" while it is open, or "accepted" once it is agreed. A later one may make it "deprecated" or "superseded".\n\nRejected'), "rejected"),
    case("only the template's explanation", adr('> A record may be "proposed" while it is open, or "accepted" once it is agreed. A later one may make it "deprecated" or "superseded".\n\n{Proposed|Accepted}'), None, raw=""),
]  # fmt: skip
