"""Reads the configuration from the environment: the one typed place, documented in the README.

Owns names, types, defaults and the refusals of a setup that would be unsafe. Never touches Django or the network.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from portal.mail import Mail, mail_server

ROOT = Path(__file__).resolve().parent.parent

#: Every PLUMBLINE_* name there is; anything else with that prefix is a typing error and is refused.
KNOWN = {
    "PLUMBLINE_MODE",
    "PLUMBLINE_ENVIRONMENT",
    "PLUMBLINE_DATA_DIR",
    "PLUMBLINE_TASK_MODULES",
    "PLUMBLINE_MANIFEST_ENV",
    "PLUMBLINE_ALLOWED_PRIVATE_HOSTS",
    "PLUMBLINE_SECRETS_DIR",
    "PLUMBLINE_LEASE_SECONDS",
    "PLUMBLINE_WORKER_THREADS",
    "PLUMBLINE_ACTIVE_RUNS",
    "PLUMBLINE_SIGN_IN_LIMIT",
    "PLUMBLINE_PROXY_HTTPS",
    "PLUMBLINE_LOG_FORMAT",
    "PLUMBLINE_RUN_RETENTION_DAYS",
    "PLUMBLINE_EVENT_RETENTION_DAYS",
    "PLUMBLINE_RUNBOOKS_EXPORT_DIR",
    "PLUMBLINE_METRICS_TOKEN",
    "PLUMBLINE_SMTP_URL",
    "PLUMBLINE_MAIL_FROM",
    # Read by the command line, a client; listed so that one shell can hold both.
    "PLUMBLINE_URL",
    "PLUMBLINE_TOKEN",
}
#: A unix socket's path is limited to 104 bytes on some systems.
LONGEST_SOCKET = 100
#: Statements that are prepared are the engine's, and planning one takes milliseconds: once is enough. And a process that is
#: frozen in the middle of a transaction must not keep the rows of its runs locked for longer than a lease.
POSTGRESQL_OPTIONS = "-c plan_cache_mode=force_generic_plan -c idle_in_transaction_session_timeout=10s"
#: Who knows the token reads what all workflows do: it must not be guessed.
SHORTEST_TOKEN = 20
SECRET_PREFIX = "PLUMBLINE_SECRET_"  # noqa: S105 - a prefix of names, not a secret


class ConfigurationError(Exception):
    """A setting that is missing, unknown or unsafe. The message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration. Durations in seconds, sizes in bytes, paths absolute."""

    embedded: bool
    environment: str
    debug: bool
    secret_key: str
    data_dir: Path
    database: dict[str, object]
    broker_url: str
    allowed_hosts: list[str]
    csrf_trusted_origins: list[str]
    task_modules: list[str]
    manifest_env: list[str]
    allowed_private_hosts: list[str]
    secrets_dir: Path | None
    lease_seconds: float
    worker_threads: int
    active_runs: int
    sign_in_limit: int
    proxy_https: bool
    log_format: str
    run_retention_days: float
    event_retention_days: float
    runbooks_export_dir: Path | None
    metrics_token: str
    mail: Mail | None


def read(environ: Mapping[str, str]) -> Config:
    """The configuration of this process. Raises ConfigurationError that names the variable and the remedy."""
    _refuse_unknown(environ)
    mode = environ.get("PLUMBLINE_MODE", "embedded")
    if mode not in {"embedded", "production"}:
        raise ConfigurationError(f"PLUMBLINE_MODE is {mode!r}; use 'embedded' or 'production'")
    embedded = mode == "embedded"
    data_dir = Path(environ.get("PLUMBLINE_DATA_DIR", str(ROOT / "var"))).resolve()
    debug = _flag(environ, "DEBUG")
    if debug and not embedded:
        raise ConfigurationError("DEBUG is on in production; unset DEBUG")
    hosts = _words(environ, "ALLOWED_HOSTS")
    if not hosts and not embedded:
        raise ConfigurationError("ALLOWED_HOSTS is empty in production; set the host names that this portal answers to")
    if "*" in hosts and not embedded:
        raise ConfigurationError("ALLOWED_HOSTS is '*' in production; name the hosts that this portal answers to")
    secrets_dir = environ.get("PLUMBLINE_SECRETS_DIR", "")
    export_dir = environ.get("PLUMBLINE_RUNBOOKS_EXPORT_DIR", "")
    return Config(
        embedded=embedded,
        environment=environ.get("PLUMBLINE_ENVIRONMENT", "local" if embedded else "production"),
        debug=debug,
        secret_key=_secret_key(environ, embedded=embedded, data_dir=data_dir),
        data_dir=data_dir,
        database=database_settings(environ.get("DATABASE_URL", ""), embedded=embedded, data_dir=data_dir),
        broker_url=_broker(environ.get("BROKER_URL", ""), embedded=embedded, data_dir=data_dir),
        allowed_hosts=hosts or ["localhost", "127.0.0.1", "[::1]"],
        csrf_trusted_origins=_words(environ, "CSRF_TRUSTED_ORIGINS"),
        task_modules=_words(environ, "PLUMBLINE_TASK_MODULES"),
        manifest_env=_words(environ, "PLUMBLINE_MANIFEST_ENV"),
        allowed_private_hosts=_words(environ, "PLUMBLINE_ALLOWED_PRIVATE_HOSTS"),
        secrets_dir=Path(secrets_dir).resolve() if secrets_dir else None,
        lease_seconds=_number(environ, "PLUMBLINE_LEASE_SECONDS", 10.0, low=1.0, high=600.0),
        worker_threads=int(_number(environ, "PLUMBLINE_WORKER_THREADS", 16, low=1, high=256)),
        active_runs=int(_number(environ, "PLUMBLINE_ACTIVE_RUNS", 0, low=0, high=1_000_000)),
        sign_in_limit=int(_number(environ, "PLUMBLINE_SIGN_IN_LIMIT", 10, low=1, high=100_000)),
        proxy_https=_flag(environ, "PLUMBLINE_PROXY_HTTPS"),
        log_format=_choice(environ, "PLUMBLINE_LOG_FORMAT", ("text", "json"), "text" if embedded else "json"),
        run_retention_days=_number(environ, "PLUMBLINE_RUN_RETENTION_DAYS", 0, low=0, high=36_500),
        event_retention_days=_number(environ, "PLUMBLINE_EVENT_RETENTION_DAYS", 30, low=0, high=36_500),
        runbooks_export_dir=Path(export_dir).resolve() if export_dir else None,
        metrics_token=_metrics_token(environ),
        mail=_mail(environ),
    )


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    unknown = sorted(
        name
        for name in environ
        if name.startswith("PLUMBLINE_") and name not in KNOWN and not name.startswith(SECRET_PREFIX)
    )
    if unknown:
        raise ConfigurationError(
            f"unknown setting {', '.join(unknown)}; the README's configuration table has the names"
        )


def _secret_key(environ: Mapping[str, str], *, embedded: bool, data_dir: Path) -> str:
    """Production names its own; the embedded default keeps a random one beside its database."""
    key = environ.get("SECRET_KEY", "")
    if key:
        if not embedded and len(key) < 40:
            raise ConfigurationError("SECRET_KEY is shorter than 40 characters; generate a random one")
        return key
    if not embedded:
        raise ConfigurationError("SECRET_KEY is not set; production needs a random one of 40 characters or more")
    path = data_dir / "secret-key"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        # The database with every payload and session lies beside it: nobody else on this machine has business here.
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Written under another name and linked: no moment at which others may read it, or find it empty.
    partial = path.with_name(f"secret-key.{os.getpid()}")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(50))
    try:
        path.hardlink_to(partial)
    except FileExistsError:
        pass  # another process of the same start was first; its key is the key
    finally:
        partial.unlink()
    return path.read_text().strip()


def database_settings(url: str, *, embedded: bool, data_dir: Path) -> dict[str, object]:
    """Django's settings of the database that a URL names; without one, the embedded default."""
    if not url:
        if not embedded:
            raise ConfigurationError("DATABASE_URL is not set; production needs postgresql://user:password@host/name")
        url = f"sqlite:///{data_dir / 'plumbline.sqlite3'}"
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        name = unquote(parts.path[1:] if parts.path.startswith("//") else parts.path)
        return {
            "ENGINE": "portal.sqlite_fair",
            "NAME": name,
            "TEST": {"NAME": f"{name}-test"},  # a file: worker processes of the tests open it too
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
            },
        }
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 600,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"options": POSTGRESQL_OPTIONS},
        }
    raise ConfigurationError(f"DATABASE_URL has the scheme {parts.scheme!r}; use sqlite:///path or postgresql://…")


def _mail(environ: Mapping[str, str]) -> Mail | None:
    try:
        return mail_server(environ.get("PLUMBLINE_SMTP_URL", ""), environ.get("PLUMBLINE_MAIL_FROM", ""))
    except ValueError as error:
        raise ConfigurationError(str(error)) from None


def _broker(url: str, *, embedded: bool, data_dir: Path) -> str:
    if url:
        return url
    if not embedded:
        raise ConfigurationError("BROKER_URL is not set; production needs redis://… or amqp://…")
    socket = data_dir / "broker.sock"
    if len(str(socket)) > LONGEST_SOCKET:
        mark = hashlib.sha256(str(data_dir).encode()).hexdigest()[:16]
        socket = Path(tempfile.gettempdir()) / f"plumbline-{os.getuid()}-{mark}" / "broker.sock"
    return f"redis+socket://{socket}"


def _metrics_token(environ: Mapping[str, str]) -> str:
    token = environ.get("PLUMBLINE_METRICS_TOKEN", "")
    if token and len(token) < SHORTEST_TOKEN:
        raise ConfigurationError(
            f"PLUMBLINE_METRICS_TOKEN is shorter than {SHORTEST_TOKEN} characters; generate a random one"
        )
    return token


def _words(environ: Mapping[str, str], name: str) -> list[str]:
    return [word.strip() for word in environ.get(name, "").split(",") if word.strip()]


def _flag(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "").lower()
    if value in {"", "0", "false", "no", "off"}:
        return False
    if value in {"1", "true", "yes", "on"}:
        return True
    raise ConfigurationError(f"{name} is {value!r}; use 1 or 0")


def _number(environ: Mapping[str, str], name: str, default: float, *, low: float, high: float) -> float:
    text = environ.get(name, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        raise ConfigurationError(f"{name} is {text!r}; use a number from {low:g} to {high:g}") from None
    if not low <= value <= high:
        raise ConfigurationError(f"{name} is {text}; use a number from {low:g} to {high:g}")
    return value


def _choice(environ: Mapping[str, str], name: str, choices: tuple[str, ...], default: str) -> str:
    value = environ.get(name, default)
    if value not in choices:
        raise ConfigurationError(f"{name} is {value!r}; use {' or '.join(choices)}")
    return value
