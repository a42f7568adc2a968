"""How each restorable kind is written again: as a manifest, as an edited objective, action or view.

Owns the way to the service of each. Never writes a row itself, and knows no rule: what an edit by hand refuses is refused here in
the same words, since the same code says them.
"""

from __future__ import annotations

import json
import re
from typing import Any

from governance.services.action_items import change_action
from orchestration.errors import Conflict
from orchestration.models import Team
from orchestration.services.applying import Signature
from orchestration.services.manifests import Document, apply
from orchestration.services.objectives import Wanted, change
from portal.manifest_permissions import require_appliable
from portal.permissions import Actor, Verb
from portal.services.saved_views import rename_view, require_change
from portal.services.teams import describe_team

#: What JSON takes as it is, and YAML refuses or folds as the end of a line. Others aren't: in pairs, YAML takes no escapes.
_BEYOND = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class OwnedManifest:
    """What a manifest declares and a team owns; what no team owns is an admin's."""

    def allow(self, actor: Actor, current: Any) -> None:
        """See kinds.Restorer."""
        if current.owner is None:
            actor.require(Verb.ADMINISTER)
        else:
            actor.require(Verb.MAINTAIN, current.owner)

    def write(self, actor: Actor, current: Any, wanted: Any, reason: str) -> None:
        """See kinds.Restorer."""
        _apply(actor, current, wanted, reason)


class AdminManifest:
    """What a manifest declares for the whole installation."""

    def allow(self, actor: Actor, current: Any) -> None:
        """See kinds.Restorer."""
        actor.require(Verb.ADMINISTER)

    def write(self, actor: Actor, current: Any, wanted: Any, reason: str) -> None:
        """See kinds.Restorer."""
        _apply(actor, current, wanted, reason)


class TeamRestorer(AdminManifest):
    """A team: its manifest, or of one that was made by hand its description."""

    def write(self, actor: Actor, current: Any, wanted: Any, reason: str) -> None:
        """See kinds.Restorer."""
        if wanted.document:
            _apply(actor, current, wanted, reason)
        elif current.document:
            raise Conflict(
                f"team {current.name} had no manifest then and has one now; apply the one that you want, or edit the description"
            )
        else:
            describe_team(team=current, description=wanted.description, actor=actor.user, reason=reason)


class ObjectiveRestorer:
    """An objective, all of it."""

    def allow(self, actor: Actor, current: Any) -> None:
        """See kinds.Restorer."""
        actor.require(Verb.MAINTAIN, current.owner)

    def write(self, actor: Actor, current: Any, wanted: Any, reason: str) -> None:
        """See kinds.Restorer."""
        values = {
            name: getattr(wanted, name) for name in Wanted.__dataclass_fields__ if name not in ("owner", "source")
        }
        owner = _present(wanted.owner, "team that owned it")
        actor.require(Verb.MAINTAIN, owner)
        restored = Wanted(**values, owner=owner, source=current.source)
        change(objective=current, wanted=restored, actor=actor.user, reason=reason)


class ActionRestorer:
    """An action item that is still open."""

    def allow(self, actor: Actor, current: Any) -> None:
        """See kinds.Restorer."""
        actor.require(Verb.MAINTAIN, current.postmortem.owner)

    def write(self, actor: Actor, current: Any, wanted: Any, reason: str) -> None:
        """See kinds.Restorer."""
        if wanted.person is not None and not wanted.person.is_active:
            raise Conflict(
                f"the person, {wanted.person.get_username()}, is deactivated; edit the action and choose another"
            )
        change_action(
            item=current, text=wanted.text, owner=_present(wanted.owner, "team that was to do it"), person=wanted.person,
            due=wanted.due, check=wanted.check_kind, target=wanted.target, days=wanted.days, actor=actor.user,
            reason=reason,
        )  # fmt: skip


class ViewRestorer:
    """A saved view's name: its list and filters never change."""

    def allow(self, actor: Actor, current: Any) -> None:
        """See kinds.Restorer."""
        require_change(actor, current)

    def write(self, actor: Actor, current: Any, wanted: Any, reason: str) -> None:
        """See kinds.Restorer."""
        rename_view(view=current, name=wanted.name, actor=actor.user, reason=reason)


def _apply(actor: Actor, current: Any, wanted: Any, reason: str) -> None:
    """As JSON, which is YAML once `_BEYOND` is escaped; from no repository, since it comes from here."""
    source = f"{current._meta.verbose_name} {current.name} as of {wanted.history_date:%Y-%m-%d %H:%M} UTC"
    text = _BEYOND.sub(
        lambda found: f"\\u{ord(found[0]):04x}", json.dumps(wanted.document, ensure_ascii=False, indent=1)
    )
    document = Document(text, source)
    apply([document], Signature(actor.user, reason), authorise=lambda found: require_appliable(actor, found))


def _present(team: Team | None, what: str) -> Team:
    if team is None:
        raise Conflict(f"the {what} is no more; edit it by hand and choose another")
    return team
