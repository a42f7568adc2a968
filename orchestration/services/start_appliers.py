"""How schedules and triggers are checked and written: what they start must be there, and their input must fit it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from orchestration import clock
from orchestration.engine.schedules import DEFAULT_ZONE, cron_of, scope_of
from orchestration.errors import InvalidManifest
from orchestration.hooks import hooks
from orchestration.manifest import ExpressionError, Problem, Resource
from orchestration.models import Port, Schedule, Team, Trigger, Workflow, WorkflowVersion
from orchestration.policies.cron import BadCron, read, zones
from orchestration.services.appliers import owner_problems
from orchestration.services.applying import Signature
from orchestration.services.governed import save
from orchestration.services.schedules import place_cursor, times_of
from orchestration.services.unattended import input_of, template
from orchestration.services.workflow_applier import REMEDY, WorkflowApplier
from orchestration.services.world import World, suggestion
from orchestration.versions import highest, precedence


class _StartApplier:
    """What the two kinds share."""

    model: type[Schedule] | type[Trigger]

    def check(self, resource: Resource, world: World) -> list[Problem]:
        """See services.manifests.Applier."""
        if self.is_applied(resource):
            return owner_problems(resource, world)
        times = self._time_problems(resource)
        found = owner_problems(resource, world) + times
        return found + (_workflow_problems(resource, world) or ([] if times else self._input_problems(resource, world)))

    def current(self, resource: Resource) -> dict[str, Any] | None:
        """See services.manifests.Applier."""
        row = self.model.objects.filter(name=resource.name).first()
        return row.document if row is not None else None

    def is_applied(self, resource: Resource) -> bool:
        """See services.manifests.Applier."""
        return self.model.objects.filter(name=resource.name, content_hash=resource.content_hash).exists()

    def is_held(self, resource: Resource, world: World) -> bool:
        """See services.manifests.Applier."""
        return False

    def owners(self, names: Iterable[str]) -> set[str]:
        """The teams that own these now."""
        return set(self.model.objects.filter(name__in=list(names)).values_list("owner__name", flat=True))

    def _time_problems(self, resource: Resource) -> list[Problem]:
        return []

    def _scope(self, spec: Mapping[str, Any]) -> dict[str, Any] | None:
        """What its expressions read, as far as that is known before it starts anything; None where it is not."""
        return None

    def _input_problems(self, resource: Resource, world: World) -> list[Problem]:
        """What is wrong with the input, where it is known now and its contract too."""
        spec = resource.canonical["spec"]
        scope = {} if not template(spec.get("input")).references else self._scope(spec)
        contract = _contract(spec["workflow"], world)
        if scope is None:
            return []
        try:
            payload = input_of(spec, scope)
        except ExpressionError as error:
            return [resource.problem_at("spec.input", f"can't be computed: {error}")]
        faults = hooks.contracts.validate(*contract, payload) if contract is not None else ()
        name = "@".join(contract or ())
        return [
            resource.problem_at("spec.input", f"does not fit contract {name}: {fault.pointer or '/'}: {fault.message}")
            for fault in faults
        ]

    def _written(self, row: Any, resource: Resource, signature: Signature) -> None:
        """What both have in common, saved. The input is looked at again: its contract may have come with the same batch."""
        problems = self._input_problems(resource, World([]))
        if problems:
            raise InvalidManifest(problems)
        row.owner, row.description = Team.objects.get(name=resource.owner), resource.description
        row.document, row.content_hash = resource.canonical, resource.content_hash
        row.workflow, row.source = row.spec["workflow"].partition("@")[0], signature.source
        save(row, actor=signature.actor, reason=signature.reason)


class ScheduleApplier(_StartApplier):
    """Kind Schedule."""

    model = Schedule

    def apply(self, resource: Resource, text: str, signature: Signature) -> None:
        """See services.manifests.Applier."""
        schedule = Schedule.objects.filter(name=resource.name).first() or Schedule(name=resource.name)
        before = times_of(schedule) if schedule.pk is not None else None
        self._written(schedule, resource, signature)
        place_cursor(schedule, before)

    def _time_problems(self, resource: Resource) -> list[Problem]:
        spec = resource.canonical["spec"]
        problems, zone = [], spec.get("timezone", DEFAULT_ZONE)
        if zone not in zones():
            hint = suggestion(zone, zones()) or "; use a name such as Europe/Madrid"
            problems.append(resource.problem_at("spec.timezone", f"no time zone {zone[:64]!r}{hint}"))
        try:
            read(spec["cron"], DEFAULT_ZONE)
        except BadCron as error:
            problems.append(resource.problem_at("spec.cron", str(error)))
        return problems

    def _scope(self, spec: Mapping[str, Any]) -> dict[str, Any] | None:
        cron = cron_of(spec)
        return scope_of(cron.after(clock.now()), cron)


class TriggerApplier(_StartApplier):
    """Kind Trigger."""

    model = Trigger

    def apply(self, resource: Resource, text: str, signature: Signature) -> None:
        """See services.manifests.Applier."""
        trigger = Trigger.objects.filter(name=resource.name).first() or Trigger(name=resource.name)
        trigger.event = resource.canonical["spec"]["event"]
        self._written(trigger, resource, signature)


def _workflow_problems(resource: Resource, world: World) -> list[Problem]:
    reference = resource.canonical["spec"]["workflow"]
    name = reference.partition("@")[0]
    versions = _versions(name, world)
    if versions is None:
        known = set(Workflow.objects.values_list("name", flat=True))
        hint = suggestion(name, known) or "; apply a Workflow of that name first"
        return [resource.problem_at("spec.workflow", f"no workflow {name[:63]!r}{hint}")]
    if _highest(reference, versions) is None:
        there = f" (active: {', '.join(sorted(versions, key=precedence))})" if versions else ""
        text = f"no active version of workflow {reference}{there}; {REMEDY}"
        return [resource.problem_at("spec.workflow", text)]
    return []


def _versions(name: str, world: World) -> dict[str, Resource | None] | None:
    """The versions that can be started once the batch is applied, each with its manifest where the batch brings it.

    None: there is no such workflow.
    """
    brought = world.brought("Workflow", name)
    if not brought and not Workflow.objects.filter(name=name).exists():
        return None
    active = WorkflowVersion.objects.filter(workflow__name=name, state=WorkflowVersion.State.ACTIVE)
    versions: dict[str, Resource | None] = dict.fromkeys(active.values_list("version", flat=True))
    for item in brought:
        if item.version and item.version not in versions and not WorkflowApplier().is_held(item, world):
            versions[item.version] = item
    return versions


def _highest(reference: str, versions: Iterable[str]) -> str | None:
    return highest(versions, reference.partition("@")[2] or "*")


def _contract(reference: str, world: World) -> tuple[str, str] | None:
    """The contract that the input must fit: name and version; None where there is none, or it comes with this batch."""
    name = reference.partition("@")[0]
    versions = _versions(name, world) or {}
    version = _highest(reference, versions)
    if version is None:
        return None
    item = versions[version]
    if item is None:
        ports = Port.objects.filter(version__workflow__name=name, version__version=version, step="", direction="input")
        return ports.values_list("contract", "resolved").first()
    declared = item.canonical["spec"].get("input")
    agreed = world.agreed(declared["contract"]) if declared else None
    return (agreed.name, agreed.version) if agreed is not None and agreed.spec is None else None
