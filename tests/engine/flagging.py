"""Flags for tests: declared by a manifest, and switched."""

from __future__ import annotations

from typing import Any

import yaml

from orchestration.models import Flag, Run, RunFlag
from orchestration.services.flags import switch_flag
from orchestration.services.manifests import Document, Signature, apply


def declare(name: str = "extras", owner: str | None = None, **spec: Any) -> Flag:
    """Apply a Flag manifest; off, unless the spec says otherwise."""
    metadata = {"name": name} | ({"owner": owner} if owner else {})
    manifest = {"apiVersion": "plumbline/v1", "kind": "Flag", "metadata": metadata, "spec": {"default": "off"} | spec}
    apply([Document(yaml.safe_dump(manifest), "flag.yaml")], Signature(None, "a test"))
    return Flag.objects.get(name=name)


def switch(to: str, name: str = "extras") -> None:
    switch_flag(name=name, to=to, reason="a test", actor=None)


def recorded(run: Run) -> dict[str, bool]:
    """What the run's flags were."""
    return dict(RunFlag.objects.filter(run=run).values_list("name", "is_on"))


def skips(key: str = "extras") -> dict[str, Any]:
    return {"flag": {"key": key, "when_off": "skip"}}


def falls_back(key: str = "extras", **fallback: Any) -> dict[str, Any]:
    return {"flag": {"key": key, "when_off": "fallback"}, "fallback": fallback or {"value": "instead"}}
