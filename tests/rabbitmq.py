"""The machine's own RabbitMQ for tests: a virtual host of each test's own, behind a door that can be shut.

Owns that virtual host, made and removed, and the door. Never starts or stops RabbitMQ. TEST_RABBITMQ_URL says where it is;
its `rabbitmqctl` must be at hand.
"""

from __future__ import annotations

import functools
import os
import re
import secrets
import shutil
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from kombu import Connection

from tests.servers import Broker

URL = urlsplit(os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672"))
PREFIX = "plumbline-test"
#: What may wait in it.
QUEUES = ("steps", "control", "shop", "shuffled")


class RabbitMQ:
    """One test's own virtual host."""

    def __enter__(self) -> RabbitMQ:
        self.name = f"{PREFIX}-{os.getpid()}-{secrets.token_hex(4)}"
        every = '<<".*">>'
        _control(
            "eval",
            f'rabbit_vhost:add(<<"{self.name}">>, <<"test">>), rabbit_auth_backend_internal:set_permissions('
            f'<<"{URL.username}">>, <<"{self.name}">>, {every}, {every}, {every}, <<"test">>).',
        )
        self.door = Door(URL.hostname or "127.0.0.1", URL.port or 5672)
        self.url = f"amqp://{URL.username}:{URL.password}@127.0.0.1:{self.door.port}/{self.name}"
        return self

    def __exit__(self, *_: object) -> None:
        self.door.shut()
        _control("delete_vhost", self.name)

    def halt(self) -> None:
        """Every connection is cut, and no new one is made. What waits in a queue stays there, as when it restarts."""
        self.door.shut()

    def resume(self) -> None:
        self.door.open()

    def forget(self) -> None:
        """Every message that waits in a queue is gone."""
        with Connection(self.url) as link:
            for queue in QUEUES:
                with suppress(*link.channel_errors), link.channel() as channel:
                    channel.queue_purge(queue)


AnyBroker = Broker | RabbitMQ


class Door:
    """A TCP port that leads to another one, until it is shut."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self.port = 0
        self._through: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.open()

    def open(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._let_in, args=(self._listener,), daemon=True).start()

    def shut(self) -> None:
        """Whoever is on the way through is cut off."""
        with self._lock:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            for one in self._through:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _let_in(self, listener: socket.socket) -> None:
        while True:
            try:
                inside, _ = listener.accept()
                outside = socket.create_connection(self._to)
            except OSError:
                return
            with self._lock:
                if listener.fileno() < 0:  # shut in this moment
                    inside.close()
                    outside.close()
                    return
                self._through |= {inside, outside}
            for pair in ((inside, outside), (outside, inside)):
                threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._through.discard(source)
        source.close()


@functools.cache
def found() -> bool:
    """Whether there is one to be had. Removes what an earlier run that was killed left in it."""
    if shutil.which("rabbitmqctl") is None:
        return False
    try:
        socket.create_connection((URL.hostname or "127.0.0.1", URL.port or 5672), 2).close()
        for name, pid in re.findall(rf"^({PREFIX}-(\d+)-\w+)$", _control("list_vhosts", "name"), re.MULTILINE):
            if not Path(f"/proc/{pid}").exists():
                _control("delete_vhost", name)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _control(*words: str) -> str:
    done = subprocess.run(["rabbitmqctl", "-q", *words], check=True, capture_output=True, text=True, timeout=60)
    return done.stdout
