"""Levels, settings and modes: read and set, for all subjects or for one. For all, it takes an admin."""

from __future__ import annotations

import json
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from governance.registry import faults, rules
from governance.registry.aliases import hides, waits
from governance.registry.rule_sets import rule_set
from governance.registry.settings import ALL, POLICIES, SETTINGS, in_force, settings_set
from governance.registry.texts import storable
from portal.api.pages import actor_of
from portal.permissions import Verb
from portal.registry.faces import Face, Fields, flag
from portal.registry.shapes import metadata
from portal.registry.subjects import require_writable, subject_of

#: What clients send beside what is kept. Refused where it says anything: it would change what is registered, or who reads it.
_NOT_KEPT: Fields = {
    "validateRules": bool,
}  # fmt: skip
#: Characters of one setting, as JSON: each is read with every request of its subject.
LONGEST_SETTING = 16 * 1024
_LEVEL = ("compatibility", "compatibilityLevel")
_CONFIG: Fields = {**dict.fromkeys(_LEVEL, str), **SETTINGS, **_NOT_KEPT}


class _Rule(Face):
    def require(self, request: Request, scope: str) -> None:
        """Whether the caller may set it. Raises Forbidden."""
        if scope == ALL:
            actor_of(request).require(Verb.ADMINISTER)
        else:
            require_writable(actor_of(request), scope)


def _told(level: str, settings: dict[str, Any]) -> dict[str, Any]:
    return ({"compatibilityLevel": level} if level else {}) | settings


def _setting(name: str, value: Any) -> Any:
    """As it is kept. Raises RegistryFault 422 and 42201."""
    if name == "compatibilityPolicy" and value not in POLICIES:
        text = f"{name} is {POLICIES[0]} here: all documents count, not only those that senders declare"
        raise faults.RegistryFault(422, text)
    try:
        text = storable(json.dumps(value, ensure_ascii=False))
    except ValueError as error:
        raise faults.RegistryFault(422, f"{name} can't be kept: {error}") from None
    if len(text) > LONGEST_SETTING:
        raise faults.RegistryFault(422, f"{name} has {len(text):,} characters; the limit is {LONGEST_SETTING:,}")
    if name == "alias":
        return subject_of(value)
    if isinstance(value, dict):
        return (rule_set(value, name) if name.endswith("RuleSet") else metadata(value, name)) or None
    return value


def _refuse_alias(scope: str) -> None:
    """Raises RegistryFault 422 where nobody would find what is there under the name."""
    if scope == ALL:  # where it is followed nowhere
        return
    if waits(scope):
        raise faults.RegistryFault(
            422, f"what was registered as {scope} waits at the gate; withdraw it, or name another"
        )
    if hides(scope):
        text = (
            f"{scope} has versions of its own, maybe soft-deleted, which nobody would find any more; delete them "
            "permanently, or name another alias"
        )
        raise faults.RegistryFault(422, text)


def _scope(subject: str | None) -> str:
    """The contexts that clients know as the default one and the one above all: there are no others here."""
    return ALL if subject in (None, ":.:", ":.__GLOBAL:") else subject_of(subject)


def _is_context(scope: str) -> bool:
    """Whether it is the beginning of names, as clients write a context."""
    return scope.startswith(":.") and scope.endswith(":") and scope.count(":") == 2


class Config(_Rule):
    """/config and /config/{subject}"""

    def get(self, request: Request, subject: str | None = None) -> Response:
        """The level and the settings that are set; with `defaultToGlobal` those in force."""
        scope = _scope(subject)
        level, found = rules.level_set(scope), settings_set(scope)
        if scope == ALL or flag(request, "defaultToGlobal"):
            level, found = level or rules.level_of(scope), in_force(scope)
        if not level and not found:
            raise faults.no_level(scope)
        return Response(_told(level, found))

    def put(self, request: Request, subject: str | None = None) -> Response:
        """Set level and settings; null takes a setting away, and what is not told stays. Of nothing the level is missed."""
        scope, body = _scope(subject), self.body(request, _CONFIG)
        self.require(request, scope)
        if refused := sorted(name for name in _NOT_KEPT if body.get(name)):
            raise faults.RegistryFault(422, f"{refused[0]} is not kept here; leave it out")
        sent: Any = request.data
        settings = {name: _setting(name, body[name]) if name in body else None for name in SETTINGS if name in sent}
        level = body.get("compatibility", body.get("compatibilityLevel", None if settings or body else ""))
        if alias := settings.get("alias"):
            _refuse_alias(scope)
            require_writable(actor_of(request), alias)  # what is registered under the name goes there
        level, settings = rules.configure(scope, level, settings, request.user)
        return Response(({"compatibility": level} if level else {}) | settings)

    def delete(self, request: Request, subject: str | None = None) -> Response:
        """Back to what holds without it; what was set is told."""
        scope = _scope(subject)
        self.require(request, scope)
        if scope != ALL and not (rules.level_set(scope) or settings_set(scope)):
            raise faults.no_subject(scope)
        level, found = rules.clear_config(scope, request.user)
        return Response(_told(level or rules.DEFAULT_LEVEL, found))


class Mode(_Rule):
    """/mode and /mode/{subject}"""

    def get(self, request: Request, subject: str | None = None) -> Response:
        """The mode that is set; with `defaultToGlobal` the one in force."""
        scope = _scope(subject)
        mode = rules.mode_set(scope) or (rules.DEFAULT_MODE if scope == ALL else "")
        in_force = rules.mode_of(scope)
        if in_force == rules.OVERRIDE or (not mode and flag(request, "defaultToGlobal")):
            mode = in_force
        if not mode:
            raise faults.no_mode(scope)
        return Response({"mode": mode})

    def put(self, request: Request, subject: str | None = None) -> Response:
        """Set the mode, or with null clear it; `force` lets IMPORT be set although something is there."""
        scope = _scope(subject)
        fields: Fields = {"mode": str}
        mode: Any = self.body(request, fields).get("mode", "")
        sent: Any = request.data
        self.require(request, scope)
        if not mode and sent.get("mode", "") is not None:
            raise faults.invalid_mode(", ".join(rules.MODES))
        rules.set_mode(scope, mode, request.user, force=flag(request, "force"))
        return Response({"mode": mode.upper() or None})

    def delete(self, request: Request, subject: str | None = None) -> Response:
        """Back to what holds without it; the mode of before is told. `recursive`, of all, or of what clients call a context: of
        each subject whose name begins so too.
        """
        scope = _scope(subject)
        is_recursive = flag(request, "recursive") and (scope == ALL or _is_context(scope))
        self.require(request, ALL if is_recursive else scope)
        before = rules.mode_set(scope)
        if not before and scope != ALL and not is_recursive:
            raise faults.no_subject(scope)
        if before:
            rules.set_mode(scope, "", request.user)
        if is_recursive:
            rules.clear_modes(request.user, prefix=scope)
        return Response({"mode": before or (rules.DEFAULT_MODE if scope == ALL else None)})
