"""Explore's parameters: what may be asked of each kind of series, read from a URL with a remedy for each fault. Pure.

Owns the names in the URL and the words on the page. Never queries, and never guesses: a parameter that does not fit is
named, not dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from urllib.parse import urlencode

from orchestration.selectors.series import Grain
from portal.dashboards.periods import BY, DEFAULT, PERIODS, grain_for


@dataclass(frozen=True, slots=True)
class What:
    """A kind of series: how it may be split, narrowed down and measured. The first of each is the default."""

    word: str
    one: str
    by: tuple[str, ...]
    filters: tuple[str, ...]
    measures: tuple[str, ...]


TIMES = ("p50", "p95", "p99")
WHAT: Mapping[str, What] = {
    "run": What("Runs", "run", ("workflow", "", "version", "team"), ("workflow", "version", "team"),
                 ("count", "error_rate", *TIMES, "degraded")),
    "step": What("Steps", "step", ("step", "", "workflow", "version", "team"), ("workflow", "version", "step", "team"),
                  ("p95", "count", "error_rate", "p50", "p99", "retries", "degraded")),
    "queue": What("Queue wait", "wait", ("workflow", "", "step", "team"), ("workflow", "step", "team"),
                  ("p95", "p50", "p99", "count")),
    "call": What("Calls", "call", ("dependency", "", "workflow", "step", "team"), ("dependency", "workflow", "step", "team"),
                  ("p95", "count", "error_rate", "p50", "p99", "retries", "degraded", "slow")),
    "retry": What("Retries", "retry", ("error", "", "workflow", "step", "team"), ("workflow", "step", "team"), ("count",)),
    "objective": What("Objectives", "event", ("objective", ""), ("objective",), ("slow", "count")),
}  # fmt: skip
BY_WORDS = {
    "": "Nothing: all together", "workflow": "Workflow", "version": "Version", "step": "Step", "dependency": "Dependency",
    "team": "Team", "error": "Error", "objective": "Objective",
}  # fmt: skip
MEASURE_WORDS = {
    "count": "Count", "error_rate": "Error rate", "p50": "p50", "p95": "p95", "p99": "p99", "retries": "Retries",
    "degraded": "Degraded share", "slow": "Slow share",
}  # fmt: skip
FILTERS = ("workflow", "version", "step", "dependency", "team", "objective")
PREVIOUS = "previous"
#: Minutes of earlier than this are gone.
MINUTES_KEPT = timedelta(hours=47)
LONGEST = timedelta(days=731)
NAMES = ("what", "by", "measure", *FILTERS, "period", "since", "until", "compare")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to draw. `compare`: empty, PREVIOUS, or a version beside `version`."""

    what: str = "run"
    by: str = "workflow"
    measure: str = "count"
    filters: Mapping[str, str] = field(default_factory=dict)
    period: str = DEFAULT.key
    since: datetime | None = None
    until: datetime | None = None
    compare: str = ""

    @property
    def is_custom(self) -> bool:
        """Whether it has a beginning and an end of its own."""
        return self.since is not None

    def span(self, now: datetime) -> tuple[datetime, datetime]:
        """Beginning and end."""
        if self.since is not None:
            return self.since, min(self.until or now, now)
        return now - PERIODS[self.period].length, now

    def grain(self, now: datetime) -> Grain:
        """How finely it is cut, as far back as rows of that grain are kept."""
        since, until = self.span(now)
        grain = grain_for(until - since)
        if self.compare == PREVIOUS:
            since -= until - since
        return Grain.HOUR if grain is Grain.MINUTE and since < now - MINUTES_KEPT else grain

    def words(self, now: datetime) -> str:
        """`last 24 h, by the hour`."""
        length = "chosen time" if self.is_custom else PERIODS[self.period].words
        return f"{length}, {BY[self.grain(now)]}"


@dataclass(frozen=True, slots=True)
class Fault:
    """A parameter that can't be used, and what to do."""

    name: str
    text: str


def read(query: Mapping[str, str], zone: tzinfo, now: datetime) -> tuple[Wanted, list[Fault]]:
    """What the URL asks for, as far as it can be understood, and every fault in it."""
    given = {name: query.get(name, "").replace("\0", "").strip() for name in NAMES}  # no database holds a NUL
    faults: list[Fault] = []
    what = _one_of(given["what"] or "run", WHAT, "what", faults)
    kind = WHAT[what]
    by = kind.by[0] if "by" not in query else _one_of(given["by"], kind.by, "by", faults, kind.word)
    measure = _one_of(given["measure"] or kind.measures[0], kind.measures, "measure", faults, kind.word)
    filters = {name: given[name] for name in FILTERS if given[name]}
    for name in [name for name in filters if name not in kind.filters]:
        faults.append(Fault(name, f"{kind.word} have no {name}; take it off, or narrow down by {_or(kind.filters)}"))
        del filters[name]
    period = _one_of(given["period"] or DEFAULT.key, PERIODS, "period", faults)
    wanted = Wanted(what, by, measure, filters, period)
    wanted = replace(wanted, **_times(given, zone, now, faults))  # type: ignore[arg-type]
    return replace(wanted, compare=_compare(given["compare"], kind, filters, faults)), faults


def url_query(wanted: Wanted, **changes: str) -> str:
    """The query that asks for the same, but for the changes; what does not fit another `what` is left out."""
    kind = WHAT[changes.get("what", wanted.what)]
    values = {
        "what": wanted.what, "by": wanted.by, "measure": wanted.measure, **wanted.filters, "period": wanted.period,
        "compare": wanted.compare,
    }  # fmt: skip
    if wanted.since is not None:
        values |= {"since": wanted.since.isoformat(timespec="minutes")}
    if wanted.until is not None:
        values |= {"until": wanted.until.isoformat(timespec="minutes")}
    values |= changes
    fits = {
        name: value
        for name, value in values.items()
        if not (name in FILTERS and name not in kind.filters)
        and not (name == "by" and value not in kind.by)
        and not (name == "measure" and value not in kind.measures)
        and not (name == "compare" and value not in {"", PREVIOUS} and "version" not in kind.filters)
    }
    return urlencode({name: value for name, value in fits.items() if value or name == "by"})


def _one_of(value: str, known: Iterable[str], name: str, faults: list[Fault], of: str = "") -> str:
    """The value if it is known, otherwise the first that is."""
    names = list(known)
    if value in names:
        return value
    shown = _or([one or "nothing" for one in names])
    thing = "kind of figure" if name == "what" else name
    of_what = f" of {of.lower()}" if of else ""
    faults.append(Fault(name, f"{value[:40]!r} is no {thing}{of_what}; choose {shown}"))
    return names[0]


def _times(given: Mapping[str, str], zone: tzinfo, now: datetime, faults: list[Fault]) -> dict[str, datetime | None]:
    found: dict[str, datetime | None] = {}
    for name in ("since", "until"):
        try:
            moment = datetime.fromisoformat(given[name]) if given[name] else None
        except ValueError:
            faults.append(Fault(name, f"{given[name][:40]!r} is no time; write it as 2026-11-17T13:58"))
            moment = None
        try:
            found[name] = moment.replace(tzinfo=zone) if moment is not None and moment.tzinfo is None else moment
            _ = found[name] and found[name].astimezone(zone)  # type: ignore[union-attr]
        except (OverflowError, ValueError):
            faults.append(Fault(name, f"{given[name][:40]!r} is out of the calendar; choose a time of these years"))
            found[name] = None
    since, until = found["since"], found["until"]
    if since is None:
        if until is not None:
            faults.append(Fault("since", "a time of one's own needs a beginning too; fill in From, or take To off"))
        return {"since": None, "until": None}
    end = until or now
    if since >= min(end, now):
        faults.append(Fault("since", "it is not before the end, or not before now; choose an earlier beginning"))
    elif now - since > LONGEST:
        faults.append(Fault("since", "it is more than two years ago; days are kept two years"))
    else:
        return found
    return {"since": None, "until": None}


def _compare(value: str, kind: What, filters: Mapping[str, str], faults: list[Fault]) -> str:
    if value in {"", PREVIOUS}:
        return value
    if "version" not in kind.filters or not filters.get("version") or not filters.get("workflow"):
        remedy = f"write {PREVIOUS} for the period before, or choose a workflow and a version of it first"
        faults.append(Fault("compare", f"{value[:40]!r} can't be compared with; {remedy}"))
        return ""
    return value


def _or(names: Iterable[str]) -> str:
    words = list(names)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
