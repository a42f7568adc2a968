"""Where a dependency is called: its base_url and authorization, resolved from the last applied manifest.

Owns the short-lived cache that keeps this off the hot path. Never stores a resolved secret outside the call.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from orchestration.manifest import compile_template
from orchestration.models import Dependency, RetryPolicy
from orchestration.secrets import UnknownSecret, resolve

#: Seconds for which an applied change may be unseen by a worker.
FRESH = 2.0

_cache: dict[tuple[str, str], tuple[float, dict[str, Any]]] = {}


class UnknownDependency(Exception):
    """No such dependency, or one that can't be called as configured. The message has the remedy."""


@dataclass(frozen=True, slots=True)
class Target:
    """Base URL and headers of a dependency."""

    base_url: str
    headers: dict[str, str]


def target_of(name: str, secrets_used: set[str]) -> Target:
    """The target; adds the secrets it resolved to `secrets_used`. Raises UnknownDependency."""
    spec = dependency_spec(name)
    if spec is None:
        raise UnknownDependency(f"no dependency {name!r}; apply its manifest")
    base_url = _base_url(name, spec.get("base_url"))
    headers: dict[str, str] = {}
    authorization = spec.get("authorization")
    if isinstance(authorization, dict) and authorization.get("secret"):
        try:
            secret = resolve(str(authorization["secret"]))
        except UnknownSecret as error:
            raise UnknownDependency(f"dependency {name}: {error}") from error
        secrets_used.add(secret)
        headers["authorization"] = f"Bearer {secret}"
    return Target(base_url, headers)


def _base_url(name: str, template: Any) -> str:
    if template is None:
        raise UnknownDependency(f"dependency {name} has no base_url; add it to its manifest")
    url = str(compile_template(template).evaluate({"env": _environment()}))
    try:
        parts = urlsplit(url)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and url.isascii()
    except ValueError:
        fits = False
    if not fits or parts.query or parts.fragment or parts.username is not None or " " in url:
        # the URL itself stays unsaid: somebody may have put a password into it
        raise UnknownDependency(f"the base_url of dependency {name} is not http(s)://host[:port][/path]; correct it")
    return url


def dependency_spec(name: str) -> dict[str, Any] | None:
    """The dependency's `spec`, or None; may be FRESH seconds old."""
    return _fresh("dependency", name)


def retry_policy_spec(name: str) -> dict[str, Any] | None:
    """The shared retry policy's `spec`, or None; may be FRESH seconds old."""
    return _fresh("retry", name)


def forget() -> None:
    """Read anew at the next call: for tests, and after an apply in this process."""
    _cache.clear()


def _fresh(kind: str, name: str) -> dict[str, Any] | None:
    cached = _cache.get((kind, name))
    if cached is not None and time.monotonic() - cached[0] < FRESH:
        return cached[1] or None
    if (
        cached is not None
    ):  # while this thread reads it anew, the others go by what is known instead of reading the same
        _cache[(kind, name)] = (time.monotonic(), cached[1])
    model = Dependency if kind == "dependency" else RetryPolicy
    document = model._default_manager.filter(name=name).values_list("document", flat=True).first()
    spec: dict[str, Any] = dict(document.get("spec", {})) if isinstance(document, dict) else {}
    _cache[(kind, name)] = (time.monotonic(), spec)
    return spec or None


def _environment() -> dict[str, str]:
    """What manifests may see of the environment: only what the operator listed."""
    return {name: os.environ[name] for name in settings.PLUMBLINE.manifest_env if name in os.environ}
