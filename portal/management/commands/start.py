"""`manage.py start`: migrate, load the examples once, start everything, print where to go. Never needs a service."""

from __future__ import annotations

import ipaddress
import os
import secrets
import socket
import threading
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from portal.config import ConfigurationError
from portal.supervisor.plan import Options, children
from portal.supervisor.supervise import supervise

#: Seconds until a web process that does not answer is reported.
SLOW_START = 30.0


class Command(BaseCommand):
    """Start everything."""

    help = "Start the portal, its workers and, unless --examples=0, the example services and their traffic."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Flags; the Makefile passes PORT and EXAMPLES."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--examples", type=int, choices=(0, 1), default=1)
        parser.add_argument("--history", type=int, default=28, metavar="DAYS", help="of the examples' past; 0 for none")

    def handle(self, *_: Any, host: str, port: int, examples: int, history: int, **__: Any) -> None:
        """Runs until SIGTERM or SIGINT."""
        _refuse_public_embedded(host)
        _refuse_taken(host, port)
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # inside the data folder
        call_command("migrate", verbosity=0, interactive=False)
        call_command("load_patterns", verbosity=0)
        sandbox_port, token_file = self._examples(port) if examples else (None, None)
        try:
            plan = children(Options(host, port, sandbox_port, token_file, history))
        except ConfigurationError as error:
            raise CommandError(str(error)) from error
        url = f"http://{'localhost' if host == '127.0.0.1' else host}:{port}/"
        announce = threading.Thread(target=self._announce, args=(url, host, port, bool(examples)), daemon=True)
        supervise(plan, self._say, announce.start)

    def _examples(self, port: int) -> tuple[int, Path]:
        sandbox_port = _free_port()
        os.environ["SANDBOX_URL"] = f"http://127.0.0.1:{sandbox_port}"
        os.environ.setdefault("PLUMBLINE_SECRET_PAYMENTS_TOKEN", secrets.token_urlsafe(24))
        os.environ["SANDBOX_PAYMENTS_TOKEN"] = os.environ["PLUMBLINE_SECRET_PAYMENTS_TOKEN"]
        for name, value in (
            ("PLUMBLINE_TASK_MODULES", "examples.tasks"),
            ("PLUMBLINE_MANIFEST_ENV", "SANDBOX_URL"),
            ("PLUMBLINE_ALLOWED_PRIVATE_HOSTS", f"127.0.0.1:{sandbox_port}"),
        ):
            os.environ[name] = ",".join(filter(None, [os.environ.get(name, ""), value]))
        settings.PLUMBLINE.task_modules.append("examples.tasks")
        settings.PLUMBLINE.manifest_env.append("SANDBOX_URL")
        call_command("load_examples", verbosity=0)
        return sandbox_port, settings.PLUMBLINE.data_dir / "traffic-token"

    def _announce(self, url: str, host: str, port: int, examples: bool) -> None:
        """Say where to go once the web process answers."""
        began = time.monotonic()
        while not _answers(f"http://{host}:{port}/healthz"):
            if time.monotonic() - began > SLOW_START:
                self._say(f"the web process does not answer after {SLOW_START:g} s; see the lines above")
                return
            time.sleep(0.1)
        self._say(f"Plumbline is at {url}")
        if examples:
            call_command("example_sign_ins", stdout=self.stdout)
        else:
            self._say("no examples: make the first admin with `.venv/bin/python manage.py createsuperuser`")
        self._say("stop with Ctrl+C")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _refuse_public_embedded(host: str) -> None:
    if not settings.PLUMBLINE.embedded or host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise CommandError(
            f"the embedded mode listens on this machine only, not on {host}; for others set PLUMBLINE_MODE=production"
        )


def _refuse_taken(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"port {port} of {host} can't be used ({error.strerror}); choose another: make start PORT=8080"
            ) from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
