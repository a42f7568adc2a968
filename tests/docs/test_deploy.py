"""deploy/ starts what the supervisor starts: the same programs, queues and settings."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from portal import config
from portal.supervisor.plan import Options, children
from tests.docs.documents import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
FILLED = {"SECRET_KEY": "x7Qp" * 12, "POSTGRES_PASSWORD": "abc123"}


def example_environment() -> dict[str, str]:
    lines = (DEPLOY / "plumbline.env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def compose() -> dict[str, Any]:
    text = (DEPLOY / "compose.yaml").read_text()
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return found


def command_of(unit: Path) -> list[str]:
    line = next(line for line in unit.read_text().splitlines() if line.startswith("ExecStart="))
    return shlex.split(line.removeprefix("ExecStart=").replace("%%", "%"))


def queue_of(command: list[str]) -> str:
    return command[command.index("-Q") + 1]


def supervised() -> dict[str, list[str]]:
    return {child.name: child.command for child in children(Options("127.0.0.1", 8000, None, None))}


def test_the_example_environment_starts_production_once_it_is_filled_in(tmp_path: Path):
    filled = {**example_environment(), **FILLED, "PLUMBLINE_DATA_DIR": str(tmp_path)}

    found = config.read(filled)

    assert not found.embedded
    assert found.proxy_https


@pytest.mark.parametrize("name", ["SECRET_KEY"])
def test_the_example_environment_does_not_start_before_it_is_filled_in(name: str):
    with pytest.raises(config.ConfigurationError, match=name):
        config.read(example_environment())


def test_commented_settings_of_the_example_environment_are_known():
    text = (DEPLOY / "plumbline.env.example").read_text()
    for name in re.findall(r"^#? ?(PLUMBLINE_[A-Z_]+)=", text, re.MULTILINE):
        assert name in config.KNOWN or name.startswith(config.SECRET_PREFIX), name


def test_compose_runs_every_part_and_waits_for_the_migration():
    services = compose()["services"]

    assert set(services) == {"database", "broker", "migrate", "web", "steps", "control", "beat"}
    assert services["steps"]["deploy"]["replicas"] == 2
    for name in ("web", "steps", "control", "beat"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
        assert services[name]["env_file"] == "plumbline.env"
    assert services["web"]["ports"] == ["127.0.0.1:8000:8000"], "without a TLS proxy it must not listen to others"


def test_compose_and_units_have_the_workers_of_the_supervisor():
    services, plan = compose()["services"], supervised()
    units = {unit.stem.removeprefix("plumbline-").rstrip("@"): command_of(unit) for unit in UNITS}

    assert set(units) == {"web", "steps", "control", "beat"} == set(plan) - {"broker"}
    for name in ("steps", "control"):
        for command in (services[name]["command"], units[name]):
            assert queue_of(command) == queue_of(plan[name]) == name
            assert command[command.index("-A") + 1] == plan[name][plan[name].index("-A") + 1] == "portal"
            assert {"--without-gossip", "--without-mingle"} <= set(command) & set(plan[name])
            assert command[command.index("--pool") + 1] == "solo"
    for command in (services["beat"]["command"], units["beat"], plan["beat"]):
        assert command[command.index("-A") + 2] == "beat"


def test_web_serves_the_same_application_everywhere():
    dockerfile = (DEPLOY / "Dockerfile").read_text()

    assert "portal.wsgi:application" in supervised()["web"]
    assert "portal.wsgi:application" in command_of(DEPLOY / "systemd" / "plumbline-web.service")
    assert '"portal.wsgi:application"' in dockerfile
    assert '"--bind", "0.0.0.0:8000"' in dockerfile


def test_the_image_copies_every_package_and_only_files_that_exist():
    dockerfile, ignored = (DEPLOY / "Dockerfile").read_text(), (DEPLOY / "Dockerfile.dockerignore").read_text()
    copied = {name for line in re.findall(r"^COPY (.+) \S+$", dockerfile, re.MULTILINE) for name in line.split()}

    assert {"orchestration", "governance", "portal", "templates", "static", "manage.py", "requirements.txt"} <= copied
    assert all((ROOT / name).exists() for name in copied)
    assert copied == set(re.findall(r"^!(\S+)$", ignored, re.MULTILINE))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_run_as_a_user_of_their_own_with_the_environment_file(unit: Path):
    text = unit.read_text()

    assert "User=plumbline" in text
    assert "EnvironmentFile=/etc/plumbline/plumbline.env" in text
    assert "Restart=always" in text
    assert "WantedBy=plumbline.target" in text


def test_the_target_wants_every_unit():
    wants = (DEPLOY / "systemd" / "plumbline.target").read_text()

    for unit in UNITS:
        name = unit.name.replace("@.", "@1.")
        assert name in wants
