"""What the palette offers a reader: pages, objects by search, and the actions that they may take. Never writes."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.http import urlencode

from governance.search.kinds import registry
from governance.search.words import words
from governance.selectors.search import search
from orchestration.models import Workflow, WorkflowVersion
from portal.permissions import Actor, Verb
from portal.presentation.palette import ADMIN_PAGES, HERE, PAGES, Command, Page, fitting
from portal.selectors.finding import reader_of, run_named

MOST_COMMANDS, MOST_OBJECTS, MOST_WORKFLOWS = 8, 8, 500
#: Nobody types more to find a command.
LONGEST = 100


def commands(actor: Actor, text: str) -> list[Command]:
    """For what was typed: fitting commands, then objects, then the way to the whole search. Pages alone for nothing."""
    text = text.replace("\x00", "")[:LONGEST].strip()
    known = [_page(page) for page in (*PAGES, *(ADMIN_PAGES if actor.may(Verb.ADMINISTER) else ()))]
    if not text:
        return known
    run = run_named(text)
    if run is not None:
        return [Command(str(run.pk), f"Run of {run.workflow.name}", "runs", reverse("run", args=[run.pk]))]
    fits = fitting([*known, *_actions(actor), *_starts(actor, text), *HERE], text)
    more = Command(f"Search for “{text}”", "Everything", "search", f"{reverse('search')}?{urlencode({'q': text})}")
    return [*fits[:MOST_COMMANDS], *_objects(actor, text), more]


def _page(page: Page) -> Command:
    return Command(page.title, "Page", page.icon, reverse(page.name), also=page.also)


def _actions(actor: Actor) -> Iterator[Command]:
    """What may be made. Their pages ask once more."""
    yield Command("New API token", "Action", "token", reverse("token-new"), also="create")
    if actor.teams_with(Verb.MAINTAIN):
        yield Command("New decision", "Action", "plus", reverse("decision-new"), also="create write adr")
        yield Command("New runbook", "Action", "plus", reverse("runbook-new"), also="create write")
        yield Command("New objective", "Action", "plus", reverse("objective-new"), also="create slo")
        yield Command("Propose a contract", "Action", "plus", reverse("contract-new"), also="create new schema")
        yield Command("Apply manifests", "Action", "send", reverse("manifest-apply"), also="deploy publish yaml")
    if actor.may(Verb.ADMINISTER):
        yield Command("Invite a person", "Action", "plus", reverse("admin-user-new"), also="new user")
        yield Command("New team", "Action", "plus", reverse("admin-team-new"), also="create")


def _starts(actor: Actor, text: str) -> Iterator[Command]:
    """Workflows of teams for which this reader may start runs, where something like it was typed."""
    typed = words(text)
    if not typed or not any("start".startswith(one) or "run".startswith(one) or len(one) > 2 for one in typed):
        return
    teams = [team.pk for team in actor.teams_with(Verb.OPERATE)]
    live = Workflow.objects.filter(owner__in=teams, versions__state=WorkflowVersion.State.ACTIVE).distinct()
    for name in live.order_by("name").values_list("name", flat=True)[:MOST_WORKFLOWS]:
        yield Command(f"Start {name}", "Action", "runs", reverse("workflow-start", args=[name]), also="run begin")


def _objects(actor: Actor, text: str) -> list[Command]:
    found = search(text, reader=reader_of(actor), limit=MOST_OBJECTS)
    if found.loosened:
        return []
    return [Command(hit.name, _what(hit.kind, hit.key), registry[hit.kind].icon, hit.url) for hit in found.hits]


def _what(kind: str, key: str) -> str:
    word = registry[kind].word
    return f"{word} {key}" if kind == "decision" else word
