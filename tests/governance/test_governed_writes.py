"""Nothing changes a governed object past its history: the manager refuses it, and no product code tries."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

from orchestration.models import Team, Workflow
from orchestration.models.governed import GovernedManager, UngovernedWrite

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("orchestration", "governance", "portal", "examples")
#: Who keeps history: a contract, a team, a person, a token …
GOVERNED = {model.__name__: model for model in apps.get_models() if hasattr(model, "history")}
#: The one place where rows are saved and deleted, and the log itself, whose rows are no governed objects.
SAVERS = {"orchestration/services/governed.py", "governance/services/audit.py"}
#: When somebody signed in or a token was used last is no change of theirs; the history leaves it out.
USES = {"last_used_at", "last_login"}
METHODS = {
    "update",
    "bulk_create",
    "bulk_update",
    "delete",
    "create",
    "get_or_create",
    "update_or_create",
    "_raw_delete",
}
BY_HAND = re.compile(
    r"\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|REPLACE\s+INTO)\s+\"?("
    + "|".join(model._meta.db_table for model in GOVERNED.values())
    + r")\b",
    re.IGNORECASE,
)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "write",
    [
        lambda: Team.objects.update(description="x"),
        lambda: Team.objects.filter(name="a").update(description="x"),
        lambda: Team.objects.bulk_create([Team(name="b")]),
        lambda: Team.objects.bulk_update(list(Team.objects.all()), ["description"]),
        lambda: Team.objects.all().delete(),
        lambda: Team.objects.get().workflows.all().delete(),
        lambda: Team.objects.get().workflows.update(description="x"),
    ],
)
def test_writing_many_at_once_is_refused_with_the_service_to_use(write):
    Workflow.objects.create(name="demo", owner=Team.objects.create(name="a"))
    with pytest.raises(UngovernedWrite, match=r"is governed: .*orchestration\.services\.governed\.(save|delete)\(\)"):
        write()
    assert Team.objects.get().description == ""


@pytest.mark.parametrize(
    "model",
    [model for name, model in GOVERNED.items() if name not in {"User", "Token"}],
    ids=lambda model: model.__name__,
)
def test_every_governed_model_has_that_manager(model):
    assert isinstance(model._default_manager, GovernedManager)


def test_no_product_code_changes_a_governed_object_past_the_services():
    faults = [
        fault for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) for fault in _faults(path)
    ]
    assert faults == []


@pytest.mark.parametrize(
    "line",
    [
        'Team.objects.filter(name="a").update(description="x")',
        "Team._base_manager.all().delete()",
        'Contract.objects.create(name="a")',
        "Decision._base_manager.bulk_create(rows)",
        "User.objects.filter(pk=1).update(is_superuser=True, last_login=None)",
        'cursor.execute("UPDATE orchestration_team SET name = 1")',
        'cursor.execute("delete from portal_token")',
        "team.save()",
        "membership.delete()",
    ],
)
def test_the_rule_sees(line: str, tmp_path: Path):
    path = tmp_path / "sample.py"
    path.write_text(line)
    assert len(list(_faults(path))) == 1


@pytest.mark.parametrize(
    "line",
    [
        "User.objects.filter(pk=1).update(last_login=None)",
        'Team.objects.filter(name="a").first()',
        'run.save(update_fields=["input"])',
        'hashlib.sha256().update(b"")',
        "WorkerProcess.objects.all().delete()",
        'cursor.execute("UPDATE orchestration_run SET id = 1")',
    ],
)
def test_the_rule_lets_pass(line: str, tmp_path: Path):
    path = tmp_path / "sample.py"
    path.write_text(line)
    assert list(_faults(path)) == []


def _faults(path: Path) -> Iterator[str]:
    place = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    if "/migrations/" in place or place in SAVERS:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        where = f"{place}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and BY_HAND.search(node.value):
            yield f"{where}: SQL by hand"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _writes(node, node.func):
            yield f"{where}: {ast.unparse(node)[:80]}"


def _writes(call: ast.Call, method: ast.Attribute) -> bool:
    """A method of a governed model's rows; or `instance.save()`, which in product code only the service calls."""
    on = method.value
    if method.attr in {"save", "delete"} and isinstance(on, ast.Name):
        return not any(keyword.arg == "update_fields" for keyword in call.keywords)  # runs, whose history is their rows
    if method.attr not in METHODS or not any(
        isinstance(part, ast.Name) and part.id in GOVERNED for part in ast.walk(on)
    ):
        return False
    return not (method.attr == "update" and {keyword.arg for keyword in call.keywords} <= USES)
