"""What a newcomer sees in the first minute, and what is left when the supervisor is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.processes.conftest import wait_until
from tests.product.conftest import Product, once, start

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("product")]


def test_a_minute_after_the_first_start_real_runs_have_ended_in_every_way(product: Product):
    def ended() -> list[dict[str, str]]:
        return [run for run in product.api("GET", "/runs?limit=200").json()["items"] if run["status"] == "finished"]

    def enough() -> bool:
        runs = ended()
        compensated = [
            run for run in runs if run["result"] in {"failed", "timed_out"} and run["compensation"] == "done"
        ]
        return len(runs) >= 20 and len({run["workflow"] for run in runs}) >= 3 and bool(compensated)

    began = time.monotonic()
    wait_until(enough, 60, "20 ended runs of three workflows, one of them failed and compensated")
    left = max(60 - (time.monotonic() - began), 5)
    wait_until(lambda: len(retried(product)) >= 3, left, "several runs with retried steps")
    assert product.api("GET", "/runs?limit=1").status_code == 200
    assert httpx.get(product.url + "/readyz").json()["status"] == "ok"


def test_the_second_celery_app_of_the_examples_judges_what_comes_back(product: Product):
    def judged() -> list[dict[str, str]]:
        found = product.api("GET", "/runs?workflow=line-return&result=succeeded&limit=1").json()["items"]
        return list(found)

    wait_until(lambda: bool(judged()), 90, "a returned line that the warehouse has judged")
    run = product.api("GET", f"/runs/{judged()[0]['id']}").json()
    assert {step["name"]: step["status"] for step in run["steps"]}["judge"] == "succeeded"


def retried(product: Product) -> list[str]:
    """Steps that took more than one attempt, of the runs so far."""
    runs = product.api("GET", "/runs?limit=100").json()["items"]
    details = [product.api("GET", f"/runs/{run['id']}").json() for run in runs]
    return [step["name"] for run in details for step in run["steps"] if step["attempt"] > 1]


def test_a_supervisor_killed_with_9_leaves_no_process_behind(tmp_path: Path, database: dict[str, str]):
    product = start(tmp_path, **database)
    mine = descendants(product.process.pid)
    assert len(mine) >= 8, "broker, web, two workers, beat, sandbox, warehouse, traffic"
    os.kill(product.process.pid, signal.SIGKILL)
    product.process.wait()
    wait_until(lambda: not [pid for pid in mine if alive(pid)], 10, "every child to be gone")


@once
def test_a_child_that_dies_is_started_again_and_sigterm_ends_everything(tmp_path: Path, database: dict[str, str]):
    product = start(tmp_path, examples=0, **database)
    mine = descendants(product.process.pid)
    web = next(pid for pid in mine if "waitress" in command_of(pid))
    os.kill(web, signal.SIGKILL)

    def answers() -> bool:
        try:
            return httpx.get(product.url + "/healthz", timeout=1).status_code == 200
        except httpx.HTTPError:
            return False

    wait_until(lambda: not alive(web), 5)
    wait_until(answers, 20, "the web process to be back")
    mine = descendants(product.process.pid)
    product.process.send_signal(signal.SIGTERM)
    assert product.process.wait(30) == 0
    assert not [pid for pid in mine if alive(pid)]


@once
def test_a_taken_port_is_named_with_the_way_out(tmp_path: Path, product: Product):
    port = product.url.rsplit(":", 1)[1]
    done = subprocess.run(
        [sys.executable, "manage.py", "start", "--port", port], capture_output=True, text=True, check=False,
        env={**os.environ, "PLUMBLINE_DATA_DIR": str(tmp_path)}, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert "make start PORT=" in done.stderr


def descendants(pid: int) -> list[int]:
    """Direct and further children, by /proc."""
    found, todo = [], [pid]
    while todo:
        parent = todo.pop()
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        found += [int(child) for child in children]
        todo += [int(child) for child in children]
    return found


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
