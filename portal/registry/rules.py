"""Levels and modes: read and set, for all subjects or for one. For all, it takes an admin."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from governance.registry import faults, rules
from portal.api.pages import actor_of
from portal.permissions import Verb
from portal.registry.faces import Face, Fields, flag
from portal.registry.subjects import require_writable, subject_of

#: What newer clients send beside the level. What would change a schema or its rules is refused where it says anything.
_CONFIG: Fields = {
    "compatibility": str, "compatibilityLevel": str, "alias": str, "normalize": bool, "validateFields": bool,
    "validateNames": bool, "validateRules": bool, "compatibilityGroup": str, "compatibilityPolicy": str,
    "defaultMetadata": dict, "overrideMetadata": dict, "defaultRuleSet": dict, "overrideRuleSet": dict,
}  # fmt: skip


class _Rule(Face):
    def require(self, request: Request, scope: str) -> None:
        """Whether the caller may set it. Raises Forbidden."""
        if scope == rules.ALL:
            actor_of(request).require(Verb.ADMINISTER)
        else:
            require_writable(actor_of(request), scope)


def _scope(subject: str | None) -> str:
    return rules.ALL if subject is None else subject_of(subject)


class Config(_Rule):
    """/config and /config/{subject}"""

    def get(self, request: Request, subject: str | None = None) -> Response:
        """The level that is set; with `defaultToGlobal` the one in force."""
        scope = _scope(subject)
        level = rules.level_set(scope) or (rules.DEFAULT_LEVEL if scope == rules.ALL else "")
        if not level and flag(request, "defaultToGlobal"):
            level = rules.level_of(scope)
        if not level:
            raise faults.no_level(scope)
        return Response({"compatibilityLevel": level})

    def put(self, request: Request, subject: str | None = None) -> Response:
        """Set the level."""
        scope, body = _scope(subject), self.body(request, _CONFIG)
        self.require(request, scope)
        level = body.pop("compatibility", body.pop("compatibilityLevel", ""))
        refused = sorted(name for name, value in body.items() if value)
        if refused:
            raise faults.RegistryFault(422, f"{refused[0]} is not kept here; leave it out")
        if not level:
            raise faults.invalid_level()
        rules.set_level(scope, level, request.user)
        return Response({"compatibility": level.upper()})

    def delete(self, request: Request, subject: str | None = None) -> Response:
        """Back to what holds without it; the level of before is told."""
        scope = _scope(subject)
        self.require(request, scope)
        before = rules.level_set(scope)
        if not before and scope != rules.ALL:
            raise faults.no_subject(scope)
        rules.set_level(scope, "", request.user)
        return Response({"compatibilityLevel": before or rules.DEFAULT_LEVEL})


class Mode(_Rule):
    """/mode and /mode/{subject}"""

    def get(self, request: Request, subject: str | None = None) -> Response:
        """The mode that is set; with `defaultToGlobal` the one in force."""
        scope = _scope(subject)
        mode = rules.mode_set(scope) or (rules.DEFAULT_MODE if scope == rules.ALL else "")
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
        """Back to what holds without it; the mode of before is told. `recursive`, of all: of each subject too."""
        scope = _scope(subject)
        self.require(request, scope)
        before = rules.mode_set(scope)
        if not before and scope != rules.ALL:
            raise faults.no_subject(scope)
        rules.set_mode(scope, "", request.user)
        if scope == rules.ALL and flag(request, "recursive"):
            rules.clear_modes(request.user)
        return Response({"mode": before or rules.DEFAULT_MODE})
