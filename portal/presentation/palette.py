"""The palette's commands: pages to go to and things to do, and which of them a few typed letters mean. Owns the lists. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from governance.search.words import folded


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the palette. Choosing it opens `url`, or carries out `does`, whose words static/js/palette.js knows.

    `also`: words that find it and are not shown.
    """

    title: str
    what: str
    icon: str
    url: str = ""
    does: str = ""
    also: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page that everybody may open, by its URL's name."""

    name: str
    title: str
    icon: str
    also: str = ""


PAGES = (
    Page("home", "Home", "home", "dashboard start"),
    Page("runs", "Runs", "runs", "executions"),
    Page("queue", "Queue", "wait", "fairness shares waiting priority concurrency"),
    Page("alerts", "Alerts", "bell", "pages tickets"),
    Page("inbox", "Inbox", "inbox", "notifications waiting"),
    Page("explore", "Explore", "compass", "charts metrics"),
    Page("workflows", "Workflows", "flow"),
    Page("schedules", "Schedules and triggers", "wait", "cron backfills events"),
    Page("dependencies", "Dependencies", "plug", "services breakers"),
    Page("flags", "Flags", "flag", "rollout switches"),
    Page("dependency-map", "Map of dependencies", "flow"),
    Page("objectives", "Objectives", "target", "slo budgets"),
    Page("contracts", "Contracts", "braces", "schemas"),
    Page("changes", "Changes", "pull", "reviews approvals gate"),
    Page("gate-policies", "Gate policies", "lock"),
    Page("audit", "Audit", "audit", "log history"),
    Page("decisions", "Decisions", "decision", "adr records"),
    Page("runbooks", "Runbooks", "book"),
    Page("account", "Account", "token", "profile tokens password"),
    Page("preferences", "Notification preferences", "bell", "digest mail"),
    Page("api-docs", "API docs", "api", "openapi rest"),
)
ADMIN_PAGES = (
    Page("admin-users", "Users", "user", "admin people"),
    Page("admin-teams", "Teams", "team", "admin"),
)
#: Things that happen in the browser.
HERE = (
    Command("Light theme", "Action", "sun", does="theme:light", also="appearance"),
    Command("Dark theme", "Action", "moon", does="theme:dark", also="appearance"),
    Command("Theme of the system", "Action", "screen", does="theme:", also="appearance"),
    Command("Keyboard shortcuts", "Action", "keys", does="keys", also="help"),
    Command("Sign out", "Action", "leave", does="sign-out", also="log out leave"),
)


def fitting(commands: Iterable[Command], text: str) -> list[Command]:
    """Those in which each typed word begins a word; whose title begins with the text first."""
    wanted = folded(text).split()
    found = [one for one in commands if _fits(one, wanted)]
    return sorted(found, key=lambda one: not folded(one.title).startswith(" ".join(wanted)))


def _fits(command: Command, wanted: list[str]) -> bool:
    known = folded(f"{command.title} {command.also}")
    words = [*known.split(), *known.replace("-", " ").split()]
    return all(any(word.startswith(one) for word in words) for one in wanted)
