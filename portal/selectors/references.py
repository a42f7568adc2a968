"""What references in a text name, and how it is now. A query for each kind that occurs, whatever their number.

Owns which kinds there are. Never renders: governance/references.py does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime

from django.db.models import Q
from django.urls import reverse

from governance.models import Contract, Decision, Pattern, Postmortem, Runbook
from governance.references import Key, Reference
from governance.runbooks.freshness import freshness
from orchestration import clock
from orchestration.models import Dependency, Objective, Workflow
from portal.presentation.words import Look, decision_look, health_look, postmortem_look, runbook_look
from portal.presentation.workflow_pages import look_of
from portal.selectors.dependency_health import dependency_health
from portal.selectors.home import workflow_health

Found = dict[str, Reference]
#: Suggestions of one kind while somebody types.
MOST = 6


def known(keys: Iterable[Key]) -> dict[Key, Reference]:
    """Those that there are."""
    by_kind: dict[str, set[str]] = {}
    for kind, name in keys:
        by_kind.setdefault(kind, set()).add(name)
    now = clock.now()
    return {
        (kind, name): reference
        for kind, names in by_kind.items()
        if kind in KINDS
        for name, reference in KINDS[kind](names, now).items()
    }


def suggestions(typed: str) -> list[tuple[Key, str]]:
    """What somebody who typed this may mean, with a title where the name says little."""
    kind, colon, name = typed.partition(":")
    wanted = name.strip() if colon and kind in NAMES else typed.strip()
    found: list[tuple[Key, str]] = []
    for each, names in NAMES.items():
        if not colon or kind not in NAMES or each == kind:
            found += [((each, key), title) for key, title in names(wanted)]
    return found


def _workflows(names: Collection[str], now: datetime) -> Found:
    looks = {row.name: look_of(row) for row in workflow_health(now=now) if row.name in names}
    found = Workflow.objects.filter(name__in=names).values_list("name", flat=True)
    return {name: _reference(name, reverse("workflow", args=[name]), looks.get(name)) for name in found}


def _dependencies(names: Collection[str], now: datetime) -> Found:
    health = dependency_health(now)
    found = Dependency.objects.filter(name__in=names).values_list("name", flat=True)
    return {
        name: _reference(
            name, reverse("dependency", args=[name]), health_look(health[name].word) if name in health else None
        )
        for name in found
    }


def _by_name(model: type[Contract] | type[Objective], page: str) -> Callable[[Collection[str], datetime], Found]:
    def found(names: Collection[str], _now: datetime) -> Found:
        rows = model._default_manager.filter(name__in=names).values_list("name", flat=True)
        return {name: _reference(name, reverse(page, args=[name])) for name in rows}

    return found


def _by_number(
    model: type[Decision] | type[Postmortem], page: str, look: Callable[[str], Look], prefix: str = ""
) -> Callable[[Collection[str], datetime], Found]:
    def found(names: Collection[str], _now: datetime) -> Found:
        numbers = {name: int(name) for name in names if _is_number(name)}
        rows = model._default_manager.filter(number__in=numbers.values()).values_list("number", "title", "status")
        known = {
            number: _reference(f"{prefix}{number}. {title}", reverse(page, args=[number]), look(status))
            for number, title, status in rows
        }
        return {name: known[number] for name, number in numbers.items() if number in known}

    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _runbooks(names: Collection[str], now: datetime) -> Found:
    rows = Runbook.objects.filter(slug__in=names).values_list("slug", "title", "review_by")
    return {
        slug: _reference(title, reverse("runbook", args=[slug]), runbook_look(freshness(review_by, now.date())))
        for slug, title, review_by in rows
    }


def _patterns(names: Collection[str], _now: datetime) -> Found:
    rows = Pattern.objects.filter(slug__in=names).values_list("slug", "title")
    return {slug: _reference(title, reverse("pattern", args=[slug])) for slug, title in rows}


def _reference(label: str, url: str, look: Look | None = None) -> Reference:
    return Reference(label, url, look.tone, look.word) if look is not None else Reference(label, url)


#: Kind → the references of these names.
KINDS: Mapping[str, Callable[[Collection[str], datetime], Found]] = {
    "workflow": _workflows, "dependency": _dependencies, "contract": _by_name(Contract, "contract"),
    "decision": _by_number(Decision, "decision", decision_look), "runbook": _runbooks,
    "objective": _by_name(Objective, "objective"),
    "postmortem": _by_number(Postmortem, "postmortem", postmortem_look, "Postmortem "), "pattern": _patterns,
}  # fmt: skip


def _named(model: type[Workflow] | type[Dependency] | type[Contract] | type[Objective]) -> Callable[[str], list[Key]]:
    def names(typed: str) -> list[Key]:
        rows = model._default_manager.filter(name__icontains=typed).order_by("name").values_list("name", flat=True)
        return [(name, "") for name in rows[:MOST]]

    return names


def _numbered(model: type[Decision] | type[Postmortem]) -> Callable[[str], list[Key]]:
    def names(typed: str) -> list[Key]:
        wanted = {"number": int(typed)} if _is_number(typed) else {"title__icontains": typed}
        rows = model._default_manager.filter(**wanted).order_by("-number").values_list("number", "title")
        return [(str(number), title) for number, title in rows[:MOST]]

    return names


def _titled(model: type[Runbook] | type[Pattern]) -> Callable[[str], list[Key]]:
    def names(typed: str) -> list[Key]:
        rows = model._default_manager.filter(Q(slug__icontains=typed) | Q(title__icontains=typed))
        return list(rows.order_by("slug").values_list("slug", "title")[:MOST])

    return names


#: Kind → (name, title) of what fits.
NAMES: Mapping[str, Callable[[str], list[Key]]] = {
    "workflow": _named(Workflow), "dependency": _named(Dependency), "contract": _named(Contract),
    "decision": _numbered(Decision), "runbook": _titled(Runbook), "objective": _named(Objective),
    "postmortem": _numbered(Postmortem), "pattern": _titled(Pattern),
}  # fmt: skip
