"""MADR 2, 3 and 4, and log4brains: front matter, bullets, and what people do to both."""

from tests.decisions.case import Case, on

DM = "decision-makers"
CASES = [
    Case(
        "madr 4", "docs/decisions/0012-cache-prices.md",
        """---
status: accepted
date: 2025-02-03
decision-makers: [pricing, checkout]
consulted: [warehouse]
informed: everyone on call
---

# Cache prices for a minute

## Context and Problem Statement

Prices are asked for on every page.
""",
        12, "Cache prices for a minute", "accepted", on("2025-02-03"),
        people={DM: ("pricing", "checkout"), "consulted": ("warehouse",), "informed": ("everyone on call",)},
    ),
    Case(
        "madr 4 with quotes and a successor", "0003-queue.md",
        """---
# Feel free to remove what you do not need.
status: "superseded by [ADR-0019](0019-log.md)"
date: "2024-01-31"
decision-makers: "Team Red, Team Blue"
---
# Use a queue
""",
        3, "Use a queue", "superseded", on("2024-01-31"), (("superseded_by", 19),), {DM: ("Team Red", "Team Blue")},
    ),
    Case(
        "madr 4 with the hints left in", "0007-hints.md",
        """---
status: "{proposed | rejected | accepted | deprecated | … | superseded by ADR-0123}"
date: {YYYY-MM-DD when the decision was last updated}
decision-makers: {list everyone involved in the decision}
---
# Decide how to hint
""",
        7, "Decide how to hint", None, raw="",
    ),
    Case(
        "madr 3", "0004-one-log.md",
        """---
status: proposed
date: 2023-05-06
deciders: ops lead, data lead and storage lead
consulted:
informed:
---
# One log for all
""",
        4, "One log for all", "proposed", on("2023-05-06"), people={DM: ("ops lead", "data lead", "storage lead")},
    ),
    Case(
        "madr 3 with a list below the key", "adr/0005-lists.md",
        """---
status: accepted
deciders:
  - platform
  - "search, second line"
date: 2023-05-07
---
# Lists
""",
        5, "Lists", "accepted", on("2023-05-07"), people={DM: ("platform", "search, second line")},
    ),
    Case(
        "madr 2", "0008-bullets.md",
        """# Write bullets

* Status: accepted
* Deciders: team a, team b
* Date: 2020-09-30

Technical Story: BOX-12

## Context and Problem Statement

Why bullets?
""",
        8, "Write bullets", "accepted", on("2020-09-30"), people={DM: ("team a", "team b")},
    ),
    Case(
        "madr 2 with dashes, bold and comments", "0009-bold.md",
        """# Write **bold** words

- **Status:** superseded by [ADR-0010](0010-x.md) <!-- optional -->
- **Deciders**: @red, @blue <!-- optional -->
- **Date**: 2020-10-01 <!-- optional. To customize the ordering -->
""",
        9, "Write bold words", "superseded", on("2020-10-01"), (("superseded_by", 10),), {DM: ("@red", "@blue")},
    ),
    Case(
        "madr 2 as it comes", "0010-untouched.md",
        """# Untouched

* Status: [proposed | rejected | accepted | deprecated | … | superseded by [ADR-0005](0005-example.md)] <!-- optional -->
* Deciders: [list everyone involved in the decision] <!-- optional -->
* Date: [YYYY-MM-DD when the decision was last updated] <!-- optional -->
""",
        10, "Untouched", None, raw="",
    ),
    Case(
        "madr 2 links", "0011-links.md",
        """# Link things

* Status: accepted

## Links

* Refines [ADR-0004](0004-one-log.md)
* Supersedes [ADR-0003](0003-queue.md)
* [Design notes](https://example.org/notes)
""",
        11, "Link things", "accepted", links=(("relates", 4), ("supersedes", 3)),
    ),
    Case(
        "log4brains", "docs/adr/20210615-choose-a-router.md",
        """# Choose a router

- Status: accepted
- Deciders: front end
- Date: 2021-06-16
- Tags: web, routing

## Links

- Supersedes [20201224-old-router](20201224-old-router.md)
""",
        None, "Choose a router", "accepted", on("2021-06-16"), (("supersedes", None),), {DM: ("front end",)},
    ),
    Case(
        "log4brains superseded, date only in the name", "20201224-old-router.md",
        """# The old router

- Status: superseded by [20210615-choose-a-router](20210615-choose-a-router.md)
""",
        None, "The old router", "superseded", on("2020-12-24"), (("superseded_by", None),),
    ),
    Case(
        "invalid yaml", "0013-broken.md",
        """---
status: accepted
title: a: b: [c
deciders: red, blue
date: 2022-02-02
---
# Broken but read
""",
        13, "a: b: [c", "accepted", on("2022-02-02"), people={DM: ("red", "blue")}, warns="no valid YAML",
    ),
    Case(
        "a key twice", "0014-twice.md",
        "---\nstatus: proposed\nstatus: accepted\n---\n# Twice\n",
        14, "Twice", "proposed", warns="no valid YAML",
    ),
    Case(
        "front matter in capitals", "0015-caps.md",
        "---\nStatus: Accepted\nDate: 2022/03/04\nDecision_Makers: red\n---\n# CAPS\n",
        15, "CAPS", "accepted", on("2022-03-04"), people={DM: ("red",)},
    ),
    Case(
        "toml", "0016-toml.md",
        '+++\ntitle = "Use plus signs"\nstatus = "Deprecated"\ndate = 2019-08-07\n+++\n\nText.\n',
        16, "Use plus signs", "deprecated", on("2019-08-07"),
    ),
    Case(
        "byte order mark and carriage returns", "0017-windows.md",
        "\ufeff---\r\nstatus: rejected\r\ndate: 2018-01-02\r\n---\r\n\r\n# Windows\r\n\r\nText.\r\n",
        17, "Windows", "rejected", on("2018-01-02"),
    ),
    Case(
        "site front matter and bullets", "0018-site.md",
        """---
layout: page
parent: Decisions
nav_order: 18
---

# A page of a site

* Status: Draft
""",
        18, "A page of a site", "draft",
    ),
    Case(
        "title in front matter with a number", "adr019-names.md",
        """---
id: adrs-adr019
title: 'ADR019: Name things once'
---

## Context

Names.
""",
        19, "Name things once", None,
    ),
    Case(
        "supersedes in front matter", "0020-many.md",
        "---\nstatus: accepted\nsupersedes: [3, 4]\nsuperseded-by: null\namends: ADR-0005\n---\n# Many\n",
        20, "Many", "accepted", links=(("supersedes", 3), ("supersedes", 4), ("amends", 5)),
    ),
    Case(
        "a rule instead of front matter", "0021-rule.md",
        "---\n\nA sentence between two rules.\n\n---\n\n# Rules\n\n* Status: accepted\n",
        21, "Rules", "accepted",
    ),
]  # fmt: skip
