"""How a workflow version is checked and published: immutable, with its ports resolved to contract versions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orchestration.errors import Conflict
from orchestration.hooks import Release, hooks
from orchestration.manifest import Plan, Problem, Resource, build_plan, calls, write_path
from orchestration.models import Port, Team, Workflow, WorkflowVersion
from orchestration.services.appliers import owner_problems
from orchestration.services.applying import Signature
from orchestration.services.governed import save
from orchestration.services.objective_sync import follow_workflow
from orchestration.services.world import World, suggestion
from orchestration.steps import registry
from orchestration.versions import highest, newest, precedence

REMEDY = "apply it first, and where it waits for reviews, apply this when they are done"

#: What a write without `compensate` is told.
UNSAID = (
    "step {name!r} may write, and says nothing of its undoing; add `compensate`, or `compensate: {{none: …}}` that says why"
    " nothing needs to be undone, or `effect: read` or `none` if it does not write"
)


class WorkflowApplier:
    """Kind Workflow."""

    def check(self, resource: Resource, world: World) -> list[Problem]:
        """See services.manifests.Applier."""
        problems = owner_problems(resource, world) + self._published_problems(resource)
        plan = build_plan(resource.canonical)
        for name, step in plan.steps.items():
            place = f"spec.steps.{name}"
            for action, path in ((step, place), (step.compensate, f"{place}.compensate")):
                if action is None:
                    continue
                if action.dependency and action.dependency not in world.dependencies:
                    hint = suggestion(action.dependency, world.dependencies)
                    problems.append(
                        resource.problem_at(f"{path}.dependency", f"no dependency {action.dependency!r}{hint}")
                    )
                if action.retry_ref and action.retry_ref not in world.retry_policies:
                    known = [*world.retry_policies, *plan.retry_policies]
                    text = f"no retry policy {action.retry_ref!r}{suggestion(action.retry_ref, known)}"
                    problems.append(resource.problem_at(f"{path}.retry", text))
        problems += self._undoing_problems(resource, plan)
        problems += self._flag_problems(resource, plan, world)
        problems += self._escalation_problems(resource, world)
        problems += self._task_problems(resource, plan)
        problems += self._step_problems(resource, world)
        problems += [problem for problem, refuses in policy_faults(resource, world) if refuses]
        return problems + self._contract_problems(resource, plan, world)

    def current(self, resource: Resource) -> dict[str, Any] | None:
        """The version published last: what a reader compares with."""
        versions = WorkflowVersion.objects.filter(workflow__name=resource.name)
        latest = newest(versions.values_list("version", flat=True))
        return versions.values_list("canonical", flat=True).get(version=latest) if latest else None

    def is_applied(self, resource: Resource) -> bool:
        """See services.manifests.Applier."""
        return WorkflowVersion.objects.filter(
            workflow__name=resource.name, version=resource.version, content_hash=resource.content_hash
        ).exists()

    def owners(self, names: Iterable[str]) -> set[str]:
        """The teams that own these workflows now."""
        return set(Workflow.objects.filter(name__in=list(names)).values_list("owner__name", flat=True))

    def is_held(self, resource: Resource, world: World) -> bool:
        """See services.manifests.Applier."""
        return hooks.releases.is_held(_release(resource, world))

    def apply(self, resource: Resource, text: str, signature: Signature) -> None:
        """See services.manifests.Applier."""
        assert resource.version is not None
        workflow = Workflow.objects.filter(name=resource.name).first() or Workflow(name=resource.name)
        owner = Team.objects.get(name=resource.owner)
        release, waiting = _release(resource, World([])), _proposed(workflow, resource)
        # An edit of one that waits is asked about; and what waits changes nothing of the workflow yet.
        goes_through = waiting is not None or hooks.releases.is_held(release)
        is_other = (workflow.owner_id, workflow.description) != (owner.pk, resource.description)
        if workflow.pk is None or (is_other and not goes_through):
            workflow.owner, workflow.description = owner, resource.description
            save(workflow, actor=signature.actor, reason=signature.reason)
        version = waiting or WorkflowVersion(
            workflow=workflow, version=resource.version, precedence=precedence(resource.version)
        )
        version.canonical, version.text, version.content_hash = resource.canonical, text, resource.content_hash
        version.source, version.reason, version.published_by = signature.source, signature.reason, signature.actor
        version.state = WorkflowVersion.State.PROPOSED if goes_through else WorkflowVersion.State.ACTIVE
        save(version, actor=signature.actor, reason=signature.reason)
        resolve_ports(version)
        if goes_through:
            hooks.releases.ask(release, version, signature)
        else:
            follow_workflow(workflow, actor=signature.actor, reason=signature.reason)

    def _published_problems(self, resource: Resource) -> list[Problem]:
        published = WorkflowVersion.objects.filter(workflow__name=resource.name, version=resource.version).first()
        if published is not None and published.state == WorkflowVersion.State.REJECTED:
            text = f"{resource.name}@{resource.version} was refused at the gate; raise the version to ask again"
            return [resource.problem_at("metadata.version", text)]
        if published is None or published.content_hash == resource.content_hash:
            return []
        if published.state == WorkflowVersion.State.PROPOSED:
            return []  # its author may write it anew, and everybody is asked anew
        text = f"{resource.name}@{resource.version} is published with other content and can't change; raise the version"
        return [resource.problem_at("metadata.version", text)]

    def _undoing_problems(self, resource: Resource, plan: Plan) -> list[Problem]:
        """Each write says how it is undone, or why it needs no undoing; a published version was not asked that then."""
        unsaid = [name for name, step in plan.steps.items() if step.effect == "write" and step.compensate is None]
        if not unsaid or self.is_applied(resource):
            return []
        return [resource.problem_at(f"spec.steps.{name}", UNSAID.format(name=name)) for name in unsaid]

    def _flag_problems(self, resource: Resource, plan: Plan, world: World) -> list[Problem]:
        problems = []
        for name, step in plan.steps.items():
            if step.flag is not None and step.flag.key not in world.flags:
                hint = suggestion(step.flag.key, world.flags) or "; apply a Flag of that name first"
                text = f"no flag {step.flag.key!r}{hint}"
                problems.append(resource.problem_at(f"spec.steps.{name}.flag.key", text))
        return problems

    def _escalation_problems(self, resource: Resource, world: World) -> list[Problem]:
        """It names a team, whose steps are followed; a version that is published may be from before that was asked."""
        named = resource.canonical["spec"].get("escalation")
        if named is None or named in world.teams or self.is_applied(resource):
            return []
        hint = suggestion(named, world.teams) or "; apply a Team of that name first"
        return [resource.problem_at("spec.escalation", f"no team {named!r}{hint}")]

    def _task_problems(self, resource: Resource, plan: Plan) -> list[Problem]:
        tasks = resource.canonical["spec"]["steps"]
        problems = []
        for name in plan.steps:
            undo = tasks[name].get("compensate") or {}
            for task, place in ((tasks[name].get("python"), name), (undo.get("python"), f"{name}.compensate")):
                if task is not None and registry.find(task) is None:
                    hint = suggestion(task, registry.names()) or "; add its module to PLUMBLINE_TASK_MODULES"
                    text = f"no task {task!r} is registered{hint}"
                    problems.append(resource.problem_at(f"spec.steps.{place}.python", text))
        return problems

    def _step_problems(self, resource: Resource, world: World) -> list[Problem]:
        """Whom its steps ask and what they start; a published version may be from before one of these went."""
        if self.is_applied(resource):
            return []
        problems = []
        for name, step in resource.canonical["spec"]["steps"].items():
            asked = (step.get("approval") or {}).get("team")
            if asked is not None and asked not in world.teams:
                text = f"no team {asked!r}{suggestion(asked, world.teams) or '; apply a Team of that name first'}"
                problems.append(resource.problem_at(f"spec.steps.{name}.approval.team", text))
            child = step.get("workflow")
            if child is not None and (why := unstartable(child, world)):
                problems.append(resource.problem_at(f"spec.steps.{name}.workflow", why))
        return problems

    def _contract_problems(self, resource: Resource, plan: Plan, world: World) -> list[Problem]:
        problems = []
        for step, direction, reference in ports(plan):
            if world.contract(reference)[2] is None:
                place = f"spec.steps.{step}.contract.{direction}" if step else f"spec.{direction}.contract"
                problems.append(
                    resource.problem_at(place, f"no active version of contract {reference}; {why_none(reference)}")
                )
        return problems or self._field_problems(resource, plan, world)

    def _field_problems(self, resource: Resource, plan: Plan, world: World) -> list[Problem]:
        """What it reads, gives and calls, against contracts and APIs; a version that is published was asked this then."""
        if self.is_applied(resource):
            return []
        agreed = {(step, direction): world.agreed(reference) for step, direction, reference in ports(plan)}
        known = {port: found for port, found in agreed.items() if found is not None}
        offered = {call.dependency: world.api(call.dependency) for call in calls(resource.canonical)}
        apis = {dependency: found for dependency, found in offered.items() if found is not None}
        faults = hooks.contracts.field_faults(resource.canonical, known, apis) if known or apis else ()
        found = [resource.problem_at(write_path(fault.path), fault.message) for fault in faults]
        return sorted(found, key=lambda problem: (problem.line, problem.column))


def policy_faults(resource: Resource, world: World) -> list[tuple[Problem, bool]]:
    """What it has against the installation's policies, and whether each refuses it; a published version was asked then."""

    def find() -> list[tuple[Problem, bool]]:
        if WorkflowApplier().is_applied(resource):
            return []
        owner = resource.owner or ""
        faults = hooks.policies.workflow_faults(resource.canonical, resource.name, owner, world.dependency_specs)
        return [(resource.problem_at(write_path(one.finding.path), one.finding.message), one.refuses) for one in faults]

    found: list[tuple[Problem, bool]] = world.once(resource, find)
    return found


def unstartable(reference: str, world: World) -> str:
    """Why nothing can be started by `name@range`; empty when something can."""
    name, _, range_ = reference.partition("@")
    there = world.workflows.get(name)
    if there is None:
        return f"no workflow {name!r}{suggestion(name, world.workflows) or '; apply it first'}"
    if highest(there, range_ or "*") is None:
        return f"no active version of workflow {name} fits {range_}; it has {', '.join(sorted(there))}"
    return ""


def resolve_ports(version: WorkflowVersion) -> None:
    """Write its ports, each resolved to the highest active contract version that fits now.

    Raises Conflict where none does: what its batch was to publish is held, or went while it waited.
    """
    Port.objects.filter(version=version).delete()
    world = World([])
    for step, direction, reference in ports(build_plan(version.canonical)):
        contract, range_, resolved = world.contract(reference)
        if resolved is None:
            raise unresolved(reference)
        Port.objects.create(
            version=version, step=step, direction=direction, contract=contract, range=range_, resolved=resolved
        )


def why_none(reference: str) -> str:
    """What to do where nothing fits a reference to a contract."""
    why = hooks.contracts.unusable(reference.partition("@")[0])
    return f"{why}; name a contract in JSON Schema" if why else REMEDY


def unresolved(reference: str) -> Conflict:
    """Nothing fits a reference to a contract."""
    return Conflict(f"no active version of contract {reference}; {why_none(reference)}")


def _proposed(workflow: Workflow, resource: Resource) -> WorkflowVersion | None:
    """The version, where it waits for reviews: only then it may be written again."""
    waits = WorkflowVersion.objects.filter(workflow=workflow.pk, state=WorkflowVersion.State.PROPOSED)
    return waits.filter(version=resource.version).first()


def _release(resource: Resource, world: World) -> Release:
    """What the gate is asked about, with the schemas that its own input and output resolve to."""
    schemas = {}
    for step, direction, reference in ports(build_plan(resource.canonical)):
        if not step and (agreed := world.agreed(reference)) is not None:
            brought = agreed.spec
            schemas[direction] = brought["schema"] if brought else hooks.contracts.schema(agreed.name, agreed.version)
    return Release(
        resource.name, resource.version or "", resource.owner or "", resource.canonical, resource.content_hash, schemas
    )


def ports(plan: Plan) -> list[tuple[str, str, str]]:
    """(step or "", direction, contract reference) of every use of a contract."""
    own = [("", "input", plan.input_contract), ("", "output", plan.output_contract)]
    steps = [
        (name, direction, reference)
        for name, step in plan.steps.items()
        for direction, reference in (("input", step.input_contract), ("output", step.output_contract))
    ]
    return [(step, direction, reference) for step, direction, reference in [*own, *steps] if reference]
