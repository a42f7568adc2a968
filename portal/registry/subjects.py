"""Subjects and their versions: list, read, register, look up, delete."""

from __future__ import annotations

import json
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from governance.models import Contract, SubjectVersion
from governance.registry import faults, numbering, reading
from governance.registry.aliases import subject_behind
from governance.registry.deleting import delete_subject, delete_version
from governance.registry.finding import look_up
from governance.registry.references import referring
from governance.registry.registering import Held, Wanted, register
from orchestration.models import Team
from portal.api.pages import actor_of
from portal.manifest_permissions import require_appliable
from portal.permissions import Actor, Verb
from portal.registry import shapes
from portal.registry.faces import SCHEMA_FIELDS, Face, flag, held, knows_more, paged

LONGEST = 255
#: Clients know these as names of what is no subject: the rule for all, and the subject without a name.
RESERVED = ("__GLOBAL", "__EMPTY")


def subject_of(text: str) -> str:
    """The subject that an address names. Raises RegistryFault 42208 for one that can be none."""
    name = reading.named(text)
    if not name.strip() or len(name) > LONGEST or any(not character.isprintable() for character in name):
        raise faults.RegistryFault(42208, f"a subject's name has 1 to {LONGEST} characters that can be printed")
    if name in RESERVED:
        raise faults.RegistryFault(42208, f"{name} is no subject's name; choose another")
    return name


def meant(text: str) -> str:
    """The subject that an address means: its name, or an alias of it. Raises RegistryFault 42208."""
    return subject_behind(subject_of(text))


def prefix_of(request: Request) -> str:
    """What names are to begin with. All contexts, as clients write them, are all names."""
    asked = request.query_params.get("subjectPrefix", "").removesuffix("*")
    return "" if asked == ":*:" else reading.named(asked)


class Subjects(Face):
    """/subjects"""

    def get(self, request: Request) -> Response:
        """Names; `subjectPrefix`, `deleted`, `deletedOnly`, `offset` and `limit` in the query."""
        found = reading.subjects(
            prefix=prefix_of(request), deleted=flag(request, "deleted"), deleted_only=flag(request, "deletedOnly"),
        )  # fmt: skip
        return Response(list(paged(request, found.values_list("name", flat=True))))


class OneSubject(Face):
    """/subjects/{subject}"""

    def post(self, request: Request, subject: str) -> Response:
        """Look up: the version that a schema is."""
        name, body = meant(subject), self.body(request, SCHEMA_FIELDS)
        deleted = flag(request, "deleted")
        if not reading.versions(name, deleted=deleted).exists():
            raise faults.no_subject(name)
        found = look_up(name, shapes.submitted(request, body), deleted=deleted)
        if found is None:
            raise faults.no_schema()
        return Response(shapes.version(found, request))

    def delete(self, request: Request, subject: str) -> Response:
        """Delete every version; with `permanent` what was deleted before is gone for good. No alias is followed."""
        name = subject_of(subject)
        require_writable(actor_of(request), name)
        done = delete_subject(name, request.user, permanent=flag(request, "permanent"))
        return held(request, name, done) if isinstance(done, Held) else Response(done)


class Versions(Face):
    """/subjects/{subject}/versions"""

    def get(self, request: Request, subject: str) -> Response:
        """Numbers."""
        name, asked = (
            meant(subject),
            {"deleted": flag(request, "deleted"), "deleted_only": flag(request, "deletedOnly")},
        )
        found = reading.versions(name, **asked)
        if not found.exists():
            raise faults.no_subject(name)
        return Response(list(paged(request, found.values_list("number", flat=True))))

    def post(self, request: Request, subject: str) -> Response:
        """Register: the id of what is or becomes a version."""
        name, body = meant(subject), self.body(request, SCHEMA_FIELDS)
        actor = actor_of(request)
        sent = shapes.submitted(request, body)
        wanted = Wanted(_number(body, "id"), _number(body, "version"))
        done = register(
            name, sent, actor=request.user, owner=owner_of(actor, request),
            authorise=lambda planned: require_appliable(actor, planned), wanted=wanted,
        )  # fmt: skip
        if isinstance(done, Held):
            return held(request, name, done)
        if not knows_more(request):
            return Response({"id": done.schema_id})
        told = {"id": done.schema_id, "version": done.number, "guid": shapes.guid(done.schema)}
        metadata, rules = done.schema.metadata or {}, done.schema.rules or {}
        if (metadata, rules) == (sent.metadata or {}, sent.rules or {}):
            return Response(told | ({"metadata": metadata} if metadata else {}) | ({"ruleSet": rules} if rules else {}))
        return Response(told | shapes.schema(done.schema, request))  # what is kept is another than what was sent


class OneVersion(Face):
    """/subjects/{subject}/versions/{version}"""

    def get(self, request: Request, subject: str, version: str) -> Response:
        """A version, whole."""
        return Response(shapes.version(_found(request, subject, version), request, deleted=flag(request, "deleted")))

    def delete(self, request: Request, subject: str, version: str) -> Response:
        """Delete it; with `permanent` what was deleted before is gone for good. No alias is followed."""
        name = subject_of(subject)
        require_writable(actor_of(request), name)
        done = delete_version(name, reading.number_of(version), request.user, permanent=flag(request, "permanent"))
        return held(request, name, done) if isinstance(done, Held) else Response(done)


class VersionText(Face):
    """/subjects/{subject}/versions/{version}/schema"""

    def get(self, request: Request, subject: str, version: str) -> Response:
        """The schema itself."""
        return Response(json.loads(_found(request, subject, version).schema.text))


class ReferencedBy(Face):
    """/subjects/{subject}/versions/{version}/referencedby"""

    def get(self, request: Request, subject: str, version: str) -> Response:
        """Ids of the schemas that refer to it; `deleted` adds those that are deleted softly."""
        found = reading.version_at(meant(subject), reading.number_of(version), deleted=True)
        return Response(referring(found.subject.name, [found.number], deleted=flag(request, "deleted")))


class LatestWithMetadata(Face):
    """/subjects/{subject}/metadata"""

    def get(self, request: Request, subject: str) -> Response:
        """The newest version whose metadata has these properties: `key` and `value`, as often as one likes."""
        name = meant(subject)
        query = request.query_params
        wanted = dict(zip(query.getlist("key"), query.getlist("value"), strict=False))
        found = reading.versions(name, deleted=flag(request, "deleted"))
        if not found.exists():
            raise faults.no_subject(name)
        for one in found.reverse():
            properties = (one.schema.metadata or {}).get("properties") or {}
            if all(properties.get(key) == value for key, value in wanted.items()):
                return Response(shapes.version(one, request))
        raise faults.no_schema()


def owner_of(actor: Actor, request: Request) -> str:
    """The team of a contract that is new: the one that the user's name of basic auth names, else the token's, else the only or
    first one of the caller's. Empty where there is none; then only what exists can be registered.
    """
    named = Team.objects.filter(name=getattr(request, "registry_user", "")).first()
    if named is not None:
        return named.name
    if actor.token is not None and actor.token.team is not None:
        return actor.token.team.name
    own = [
        team for team in Team.objects.filter(pk__in=actor.roles()).order_by("name") if actor.may(Verb.MAINTAIN, team)
    ]
    mine = own or sorted(actor.teams_with(Verb.MAINTAIN), key=lambda team: team.name)
    return mine[0].name if mine else ""


def require_writable(actor: Actor, subject: str) -> None:
    """Deleting, and setting a rule: a maintainer of the contract's owner, or of any team while nothing is registered."""
    contract = Contract.objects.select_related("owner").filter(name=numbering.contract_name(subject)).first()
    if contract is not None:
        actor.require(Verb.MAINTAIN, contract.owner)
    elif not actor.may_somewhere(Verb.MAINTAIN):
        actor.require(Verb.MAINTAIN)


def _found(request: Request, subject: str, version: str) -> SubjectVersion:
    return reading.version_at(meant(subject), reading.number_of(version), deleted=flag(request, "deleted"))


def _number(body: dict[str, Any], name: str) -> int | None:
    """Zero and -1 are what clients send for none."""
    value = body.get(name, 0)
    if value >= numbering.FIRST_OF_MANIFESTS:
        raise faults.not_permitted(f"{name} is at most {numbering.FIRST_OF_MANIFESTS - 1:,} here; higher ones are kept")
    return value if value > 0 else None
