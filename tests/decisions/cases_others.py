"""RFCs, tables, bare lines, folders with README.md, other markups, and files that say next to nothing."""

from tests.decisions.case import Case, on

CASES = [
    Case(
        "rfc with a status line", "rfc-021-one-bus.md",
        "# RFC 21: One bus for events\n\nStatus: Accepted\n\n## Summary\n\nOne bus.\n\n## Proposal\n\nAll on it.\n",
        21, "One bus for events", "accepted",
    ),
    Case(
        "rfc with front matter", "RFC-7.md",
        "---\nstatus: withdrawn\nimplementation: done\nstatus_last_reviewed: 2024-03-04\n---\n\n# Sign what we ship\n\n## Summary\n\nX\n",
        7, "Sign what we ship", "rejected",
    ),
    Case(
        "rows of a table", "0031-table.md",
        "# Tables\n\n| | |\n|---|---|\n| Status | Accepted |\n| Date | 4 May 2021 |\n| Deciders | red, blue |\n| Supersedes | [ADR-3](0003-x.md) |\n",
        31, "Tables", "accepted", on("2021-05-04"), (("supersedes", 3),), {"decision-makers": ("red", "blue")},
    ),
    Case(
        "columns of a table", "0032-columns.md",
        "# Columns\n\n| Created | Status | Authors |\n| :-- | :-- | :-- |\n| 2020-05-06 | In review | [red](https://example.org/red) |\n\nText.\n",
        32, "Columns", "proposed", on("2020-05-06"), people={"authors": ("red",)},
    ),
    Case(
        "a table in a quotation", "ADR-033_Quoted_table.md",
        "# ADR-033: Quoted table\n\n>|              |             |\n>| ------------ | ----------- |\n>| Date         | `31/08/2023` |\n>| Status       | `Accepted` |\n>| Owners       | `web` |\n",
        33, "Quoted table", "accepted", on("2023-08-31"), people={"owners": ("web",)},
    ),
    Case(
        "metadata with its history", "ADR-34.md",
        "# Stream limits\n\n|Metadata|Value|\n|--|--|\n|Date|2021-12-14|\n|Author|@red|\n|Status|Implemented|\n\n## Revisions\n\n|Revision|Date|Author|\n|--|--|--|\n|2|2022-01-01|@blue|\n",
        34, "Stream limits", "accepted", on("2021-12-14"), people={"authors": ("@red",)},
    ),
    Case(
        "an html table", "0035-html.md",
        "# Html\n\n<table>\n<tr><td>Status</td><td>Rejected</td></tr>\n<tr><td>Date</td><td>2020-01-02</td></tr>\n</table>\n",
        35, "Html", "rejected", on("2020-01-02"),
    ),
    Case(
        "a dated folder", "decision-records/2022-02-14-split-the-store/README.md",
        "# Split the store\n\n## Decision\n\nTwo stores.\n\n## Rationale\n\nOne was slow.\n",
        None, "Split the store", None, on("2022-02-14"),
    ),
    Case(
        "a numbered folder", "docs/adr/0036/README.md",
        "# Numbered folders\n\n**Status:** implementable\n\n**Creation date:** 2021-11-16\n\n**Last update:** 2022-02-17\n",
        36, "Numbered folders", "accepted", on("2021-11-16"),
    ),
    Case(
        "a numbered folder with words", "rfcs/0037-signing/README.md",
        "# RFC-0037 Signing\n\n**Status:** provisional\n",
        37, "Signing", "proposed",
    ),
    Case("nothing but a sentence", "why-we-wait.md", "We wait because the bank does.\n", None, "Why we wait", None),
    Case(
        "a y-statement", "0038-y.md",
        "In the context of payments, facing late callbacks, we decided for polling and against hooks, to achieve certainty, accepting load.\n",
        38, "Y", None,
    ),
    Case(
        "one line for all facts", "0039-line.md",
        "# One line\n\n**Status:** Accepted | **Date:** 2024-06-07 | **Deciders:** red, blue\n\n## Context\n\nX\n",
        39, "One line", "accepted", on("2024-06-07"), people={"decision-makers": ("red", "blue")},
    ),
    Case(
        "bare lines", "0040-bare.md",
        "# ADR 0040 - Bare lines\n\nStatus: SUPERSEDED by ADR 0041 (2024-09-03)\nDate: 2024-06-07\nAuthors: red; blue\n\n## Context\n",
        40, "Bare lines", "superseded", on("2024-06-07"), (("superseded_by", 41),), {"authors": ("red", "blue")},
    ),
    Case(
        "was something before", "0041-was.md",
        "# Was\n\n**Status**: SUPERSEDED (was: APPROVED)\n**Superseded By**: ADR-044\n**Supersedes**: ADR-043 (partial)\n",
        41, "Was", "superseded", None, (("superseded_by", 44), ("amends", 43)),
    ),
    Case(
        "facts in a block of code", "0042-block.md",
        "# ADR 42 - Block\n\n```\nAuthor: @red\nDate: 29/12/2021\nStatus: Active\n```\n\n## Context\n",
        42, "Block", "accepted", on("2021-12-29"), people={"authors": ("@red",)},
    ),
    Case(
        "a bold word instead of a heading", "0043-pseudo.md",
        "# Pseudo headings\n\n**Status**\n\nDeclined\n\n**Context**\n\nX\n",
        43, "Pseudo headings", "rejected",
    ),
    Case(
        "no label at all", "0044-bare-word.md", "# Bare word\n\n**Accepted**, 2020-08-09\n\n## Context\n", 44, "Bare word", "accepted", on("2020-08-09")
    ),
    Case(
        "restructured text", "0045-ordering.rst",
        "Order of events\n###############\n\nStatus\n******\n\n**Accepted** *2022-11-12*\n\nContext\n*******\n\nX\n",
        45, "Order of events", "accepted", on("2022-11-12"),
    ),
    Case(
        "restructured text with lines above", "0046-over.rst",
        "==============\n46. Over lines\n==============\n\nStatus\n======\n\nReplaced by `0047-under.rst <0047-under.rst>`_\n",
        46, "Over lines", "superseded", None, (("superseded_by", 47),),
    ),
    Case(
        "asciidoc", "0047-ascii.adoc", "= ADR-47: Ascii\n:revdate: 2020-02-03\n\n== Status\n\nApproved\n\n== Context\n", 47, "Ascii", "accepted", on("2020-02-03")
    ),
    Case(
        "a changelog", "adr-048-coins.md",
        "# ADR 048: Coins\n\n## Changelog\n\n* 30-04-2019: first draft\n* 2019-05-02: after review\n\n## Status\n\nABANDONED\n",
        48, "Coins", "rejected", on("2019-05-02"),
    ),
    Case(
        "two numbers and a year in the title", "0049-years.md", "# 2023 budget in 2 parts\n\n## Status\n\nDone\n", 49, "2023 budget in 2 parts", "accepted"
    ),
    Case(
        "a history as a table", "0055-history.md",
        "# History\n\n| Date | Status |\n|---|---|\n| 2020-01-01 | Proposed |\n| 2020-02-01 | Accepted |\n", 55, "History", "accepted", on("2020-02-01"),
    ),
    Case(
        "a month that may is not", "0056-may.md",
        "# May\n\n## Status\n\nIn effect since May 2021. Supersedes ADR-55.\n", 56, "May", "accepted", None, (("supersedes", 55),),
    ),
    Case(
        "a day that is none", "0057-day.md", "# Day\n\nDate: 2020-02-30\n\n## Status\n\nAccepted\n", 57, "Day", "accepted", None, warns="names no day",
    ),
    Case("a dated name with hyphens", "2021-03-04-hyphens.md", "# Hyphens\n\nStatus: Open\n", None, "Hyphens", "proposed", on("2021-03-04")),
    Case("a time in the name", "202103041530-stamp.md", "# Stamp\n", None, "Stamp", None, on("2021-03-04")),
    Case("a status of a service", "0050-http.md", "# Http\n\n## Context\n\n- Status: 200 OK\n- Date: header\n", 50, "Http", None),
    Case("spaces in the name", "ADR 51 - Use spaces.md", "Status: Accepted\n", 51, "Use spaces", "accepted"),
    Case("tabs", "0052-tabs.md", "#\tTabs\n\n*\tStatus:\taccepted\n*\tDate:\t2020-01-02\n", 52, "Tabs", "accepted", on("2020-01-02")),
    Case("a title that is only a number", "0053-quiet.md", "# ADR-0053\n\n## Make it quiet\n\nStatus: accepted\n", 53, "Make it quiet", "accepted"),
    Case("empty headings", "0054-x.md", "#\n\n##\n\nText\n", 54, "X", None),
]  # fmt: skip
