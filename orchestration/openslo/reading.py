"""OpenSLO v1 documents as objectives, and what of each does not fit, by its place. Never touches the database.

Owns which of OpenSLO is understood: SLO documents with a rolling window, budgeted by occurrences, whose indicator is a ratio
(good of all) or a threshold in seconds, inline or by `indicatorRef` to an SLI of the same text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from orchestration.manifest.nodes import plain
from orchestration.manifest.reading import read as read_yaml

from .writing import API_VERSION, PREFIX, SOURCE

_DURATION = re.compile(r"([1-9][0-9]{0,3})([dw])")
_FAILURES = re.compile(r"([1-9][0-9]{0,6}) in ([1-9][0-9]{0,6})m")
#: Objectives of one document.
MOST = 20
#: Documents beside SLOs that say nothing to be counted.
_SILENT = ("Service", "DataSource", "AlertPolicy", "AlertCondition", "AlertNotificationTarget")


@dataclass(slots=True)
class Found:
    """An objective of a document. `values` are fields of an objective; `owner` and `service` are names, perhaps empty."""

    name: str
    service: str
    owner: str
    values: dict[str, Any]


@dataclass(slots=True)
class Reading:
    """One document: what it holds, what of it does not fit, and why it can't be had at all, if so."""

    number: int
    kind: str
    name: str
    found: list[Found] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    refused: str = ""


def read(text: str, source: str) -> tuple[list[Reading], list[str]]:
    """Every document of the text, and what is wrong with it as YAML."""
    nodes, problems = read_yaml(text, source)
    if problems:
        return [], [str(problem) for problem in problems]
    values = [plain(node) for node in nodes]
    named = (
        (_text(_at(value, "metadata", "name")), _at(value, "spec")) for value in values if _at(value, "kind") == "SLI"
    )
    indicators = dict(named)
    return [_document(number, value, indicators) for number, value in enumerate(values, 1)], []


def _document(number: int, value: Any, indicators: Mapping[Any, Any]) -> Reading:
    kind, name = _text(_at(value, "kind")), _text(_at(value, "metadata", "name"))
    reading = Reading(number, kind, name)
    if _at(value, "apiVersion") != API_VERSION:
        reading.refused = f"apiVersion: wanted {API_VERSION}"
    elif kind in _SILENT or kind == "SLI":
        reading.notes.append(
            f"kind {kind}: nothing to count in it; "
            + ("it is used where an SLO names it" if kind == "SLI" else "Plumbline has its own")
        )
    elif kind != "SLO":
        reading.refused = f"kind {kind[:40]!r} is no kind of OpenSLO v1 that is known here; wanted SLO"
    else:
        try:
            _slo(reading, value, indicators)
        except ValueError as error:
            reading.refused = str(error)
            reading.found.clear()
    return reading


def _slo(reading: Reading, value: Any, indicators: Mapping[Any, Any]) -> None:
    spec = _at(value, "spec")
    if not isinstance(spec, dict) or not reading.name:
        raise ValueError("an SLO has metadata.name and spec")
    method = spec.get("budgetingMethod", "Occurrences")
    if method != "Occurrences":
        raise ValueError(f"spec.budgetingMethod {method!r}: only Occurrences can be counted here")
    values: dict[str, Any] = {"description": _text(spec.get("description")), "window_days": _window(reading, spec)}
    values |= _indicator(reading, spec, indicators)
    annotations = _annotations(reading, value)
    values |= _alerting(annotations)
    if spec.get("alertPolicies"):
        reading.notes.append("spec.alertPolicies: not followed; alerts go by Plumbline's burn rates")
    objectives = spec.get("objectives")
    if not isinstance(objectives, list) or not objectives:
        raise ValueError("spec.objectives: wanted at least one")
    if len(objectives) > MOST:
        raise ValueError(f"spec.objectives: {len(objectives)} of them; at most {MOST} are taken")
    for at, one in enumerate(objectives):
        name = reading.name if at == 0 else f"{reading.name}-{at + 1}"
        own = values | _objective(reading, f"spec.objectives[{at}]", one, values["indicator"])
        reading.found.append(Found(name, _text(spec.get("service")), annotations.get("owner", ""), own))


def _objective(reading: Reading, place: str, one: Any, indicator: str) -> dict[str, Any]:
    if not isinstance(one, dict):
        raise ValueError(f"{place}: wanted a mapping with a target")
    given = one.get("target", None)
    percent = one.get("targetPercent", None)
    if (given is None) == (percent is None):
        raise ValueError(f"{place}: wanted one of target and targetPercent")
    target = (
        _number(given, f"{place}.target") if given is not None else _number(percent, f"{place}.targetPercent") / 100
    )
    for unknown in sorted(
        set(one) & {"timeSliceTarget", "timeSliceWindow", "compositeWeight", "indicator", "indicatorRef"}
    ):
        reading.notes.append(f"{place}.{unknown}: has no meaning here")
    if indicator == "success":
        return {"target": target, "threshold": None}
    operator = one.get("op", "lte")
    if operator not in {"lte", "lt"}:
        raise ValueError(f"{place}.op {operator!r}: a duration is good when it is lte (or lt) the value")
    if operator == "lt":
        reading.notes.append(f"{place}.op lt: counted as lte")
    return {"target": target, "threshold": float(_number(one.get("value"), f"{place}.value"))}


def _indicator(reading: Reading, spec: Mapping[str, Any], indicators: Mapping[Any, Any]) -> dict[str, Any]:
    """Which events, and what is measured of them."""
    reference = spec.get("indicatorRef")
    if reference is not None and _text(reference) not in indicators:
        raise ValueError(f"spec.indicatorRef {_text(reference)[:80]!r}: no SLI of that name stands in this text")
    place = "spec.indicator.spec" if reference is None else f"SLI {reference}"
    found = _at(spec, "indicator", "spec") if reference is None else indicators[_text(reference)]
    if not isinstance(found, dict) or ("ratioMetric" in found) == ("thresholdMetric" in found):
        raise ValueError(f"{place}: wanted one of ratioMetric and thresholdMetric")
    if "ratioMetric" in found:
        ratio = found["ratioMetric"]
        source = (
            _at(ratio, "total", "metricSource")
            or _at(ratio, "good", "metricSource")
            or _at(ratio, "bad", "metricSource")
        )
        return {"indicator": "success", **_scope(reading, f"{place}.ratioMetric", source)}
    return {
        "indicator": "latency",
        **_scope(reading, f"{place}.thresholdMetric", _at(found, "thresholdMetric", "metricSource")),
    }


def _scope(reading: Reading, place: str, source: Any) -> dict[str, str]:
    """What Plumbline's own source names; of another source nothing can be read, and the service's name says what is meant."""
    kind = _text(_at(source, "type"))
    if kind == SOURCE:
        return {name: _text(_at(source, "spec", name)) for name in ("workflow", "step", "dependency")}
    reading.notes.append(
        f"{place}: the queries of {kind or 'its source'!r} are not read; what spec.service names is counted by Plumbline"
    )
    return {"workflow": "", "step": "", "dependency": ""}


def _window(reading: Reading, spec: Mapping[str, Any]) -> int:
    windows = spec.get("timeWindow")
    if not isinstance(windows, list) or len(windows) != 1:
        raise ValueError("spec.timeWindow: wanted one")
    match = _DURATION.fullmatch(_text(_at(windows[0], "duration")))
    if match is None:
        raise ValueError("spec.timeWindow[0].duration: wanted days or weeks, such as 28d or 4w")
    if not _at(windows[0], "isRolling") or _at(windows[0], "calendar"):
        reading.notes.append("spec.timeWindow[0]: a calendar window is counted as a rolling one of the same length")
    return int(match[1]) * (7 if match[2] == "w" else 1)


def _annotations(reading: Reading, value: Any) -> dict[str, str]:
    given = _at(value, "metadata", "annotations")
    known = ("owner", "page", "ticket", "runbook", "degraded-is-bad")
    own = {key: text for key, text in given.items() if str(key).startswith(PREFIX)} if isinstance(given, dict) else {}
    for key in sorted(own):
        if key.removeprefix(PREFIX) not in known:
            reading.notes.append(f"metadata.annotations.{key}: has no meaning here")
    return {name: _text(own[f"{PREFIX}{name}"]) for name in known if f"{PREFIX}{name}" in own}


def _alerting(annotations: Mapping[str, str]) -> dict[str, Any]:
    """Nothing of a severity that no annotation tells of: whoever imports decides."""
    found: dict[str, Any] = {"runbook": annotations.get("runbook", "")}
    found["degraded_is_bad"] = annotations.get("degraded-is-bad") == "true"
    for severity in ("page", "ticket"):
        text = annotations.get(severity)
        if text is None:
            continue
        match = _FAILURES.fullmatch(text)
        if match is None and text not in {"off", "burn-rate"}:
            raise ValueError(f"metadata.annotations.{PREFIX}{severity}: wanted off, burn-rate or such as '5 in 60m'")
        found[severity] = text != "off"
        found[f"{severity}_failures"] = int(match[1]) if match else None
        found[f"{severity}_within"] = int(match[2]) if match else None
    return found


def _number(value: Any, place: str) -> Decimal:
    try:
        if isinstance(value, bool):
            raise InvalidOperation
        found = Decimal(str(value))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise ValueError(f"{place}: wanted a number")
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _at(value: Any, *keys: str) -> Any:
    """What stands there; None where something on the way is no mapping."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
