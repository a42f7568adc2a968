"""The whole product as a user starts it, once for all of these tests, and a real Chromium."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.servers import Broker, free_port

ROOT = Path(__file__).resolve().parent.parent.parent
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Product:
    process: subprocess.Popen[bytes]
    url: str
    folder: Path
    log: Path

    @property
    def passwords(self) -> dict[str, str]:
        return {
            item["username"]: item["password"]
            for item in json.loads((self.folder / "example-sign-ins.json").read_text())
        }

    def api(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {(self.folder / 'traffic-token').read_text()}"}
        return httpx.request(method, f"{self.url}/api/v1{path}", headers=headers, timeout=20, **options)


def start(folder: Path, *, examples: int = 1, **environment: str) -> Product:
    """`manage.py start`, as make start runs it; returns when the page answers."""
    port = free_port()
    log = folder / "start.log"
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PLUMBLINE_", "DJANGO_SETTINGS"))
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "start", "--port", str(port), "--examples", str(examples), "--history", "1"],
            cwd=ROOT,
            env={**clean, "PLUMBLINE_DATA_DIR": str(folder), **environment}, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    product = Product(process, f"http://127.0.0.1:{port}", folder, log)
    ends = time.monotonic() + 120
    while True:
        if process.poll() is not None or time.monotonic() > ends:
            process.kill()  # its children go with it
            process.wait()
            raise AssertionError(log.read_text())
        try:
            if httpx.get(product.url + "/healthz", timeout=1).status_code == 200:
                return product
        except httpx.HTTPError:
            time.sleep(0.1)


def stop(product: Product) -> None:
    product.process.send_signal(signal.SIGTERM)
    product.process.wait(30)


@contextmanager
def own_database() -> Iterator[dict[str, str]]:
    """The environment of a database of one's own: SQLite in the data folder, or a new one in the leg's PostgreSQL."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield {}
        return
    name = f"plumbline_product_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as link:
        link.execute(f'CREATE DATABASE "{name}"')
    yield {"DATABASE_URL": url.rsplit("/", 1)[0] + f"/{name}"}
    with psycopg.connect(url, autocommit=True) as link:
        link.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def database() -> Iterator[dict[str, str]]:
    """A database of this test's own; the broker is the embedded one."""
    with own_database() as found:
        yield found


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    """Started once, with the examples: the embedded default, or on the leg's PostgreSQL with a Redis over TCP."""
    folder = Path(tempfile.mkdtemp(prefix="plumbline-product-"))
    with own_database() as database, Broker(tcp=True) as broker:
        found = start(folder, **database, **({"BROKER_URL": broker.url} if database else {}))
        yield found
        stop(found)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium on this machine: install the package chromium")
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield found
        found.close()


#: Of what the browser alone decides.
once = pytest.mark.skipif(bool(os.environ.get("DATABASE_URL")), reason="the pages are the same on every database")


class Window:
    """A browser window of one person; collects what the console complained about."""

    def __init__(self, product: Product, browser: Browser, username: str, **options: Any) -> None:
        self.product = product
        self.complaints: list[str] = []
        self.context: BrowserContext = browser.new_context(**{"viewport": {"width": 1440, "height": 1000}, **options})
        self.page: Page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))
        self.page.goto(product.url + "/sign-in/")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", product.passwords[username])
        self.page.click("main button[type=submit], form button[type=submit]")
        self.page.wait_for_url(product.url + "/")

    def _heard(self, message: ConsoleMessage) -> None:
        # Chromium reports each 4xx page as an error of its own; the tests look at those pages themselves.
        if message.type in {"error", "warning"} and "status of 4" not in message.text:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def go(self, path: str) -> Page:
        answer = self.page.goto(self.product.url + path)
        assert answer is not None
        assert answer.status < 500, path
        return self.page


@pytest.fixture
def window(product: Product, browser: Browser) -> Iterator[Any]:
    """Opens windows; a console that complained fails the test."""
    opened: list[Window] = []

    def open_window(username: str, **options: Any) -> Window:
        opened.append(Window(product, browser, username, **options))
        return opened[-1]

    yield open_window
    for each in opened:
        each.context.close()
    assert [complaint for each in opened for complaint in each.complaints] == []
