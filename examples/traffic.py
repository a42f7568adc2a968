"""`python -m examples.traffic`: steady starts of the example workflows through the public API.

Owns when what is started. Knows the API and nothing behind it; the token is sent in its header and printed nowhere.
"""

import argparse
import itertools
import json
import random
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from examples import orders

OPENING = (  # started as fast as the API takes them, so that a newcomer soon has every kind of run to look at
    ("order-fulfilment", None), ("nightly-settlement", None), ("customer-onboarding", "unregistered"),
    ("order-fulfilment", "declined"), ("goods-return", "not_served"), ("order-fulfilment", None),
    ("order-fulfilment", "not_served"), ("goods-return", None),
    ("order-fulfilment", None), ("customer-onboarding", "unregistered"), ("order-fulfilment", None), ("order-fulfilment", None),
)  # fmt: skip
BUSY_SECONDS = 60  # one start a second after the opening, then the steady pace
SLOWEST_RETRY = 30.0
#: Part of the returns that no carrier fetches, so that the counter stands in.
REFUSED_RETURNS = 0.3
#: An event needs no key: its source and id make it one.
KINDS = {"runs": "application/json", "events": "application/cloudevents+json"}


@dataclass(frozen=True, slots=True)
class Start:
    """One start: how long after the previous one, of what, and what goes wrong with it."""

    pause: float
    workflow: str
    mishap: str | None


def plan(per_minute: float, rng: random.Random) -> Iterator[Start]:
    """The opening, a busy minute, then a steady pace; without end."""
    for workflow, mishap in OPENING:
        yield Start(0.2, workflow, mishap)
    for tick in range(1, BUSY_SECONDS + 1):
        workflow = _kind(tick, settlement_every=15, onboarding_every=5, return_every=13)
        # Each tenth order of the busy minute is declined, whatever the dice say.
        yield Start(1.0, workflow, "declined" if tick % 10 == 4 else _mishap(workflow, rng))
    pause = 60 / per_minute
    for tick in itertools.count(1):
        workflow = _kind(tick, settlement_every=40, onboarding_every=8, return_every=17)
        yield Start(pause, workflow, _mishap(workflow, rng))


def _mishap(workflow: str, rng: random.Random) -> str | None:
    """Of orders, and returns that no carrier fetches; the other inputs go wrong by themselves."""
    found = orders.any_mishap(rng)
    if workflow == "goods-return":
        return "not_served" if rng.random() < REFUSED_RETURNS else None
    return found if workflow == "order-fulfilment" else None


def _kind(tick: int, *, settlement_every: int, onboarding_every: int, return_every: int) -> str:
    if tick % settlement_every == 0:
        return "nightly-settlement"
    if tick % onboarding_every == 0:
        return "customer-onboarding"
    return "goods-return" if tick % return_every == 0 else "order-fulfilment"


class Traffic:
    """Works the plan off against one API until it is stopped."""

    def __init__(self, url: str, token_file: Path, rng: random.Random, stop: threading.Event) -> None:
        self._url = f"{url.rstrip('/')}/api/v1"
        self._token_file = token_file
        self._rng = rng
        self._stop = stop
        # New with every process: numbers of an earlier one must not come back with other input.
        self._series = f"{int(time.time()):x}"
        self._numbers = itertools.count(1)
        self._last_said = ""

    def run(self, starts: Iterator[Start]) -> None:
        """Start one run after another. What an outage delays is late, not made up for in a flood."""
        for start in starts:
            if self._stop.wait(start.pause):
                return
            number = f"{self._series}{next(self._numbers):04d}"
            given = self._input(start, number)
            self._insist("runs", {"workflow": start.workflow, "input": given}, f"traffic-{number}")
            if given.get("business"):  # its run waits for the provider that checks identities
                self._insist("events", orders.verified(given))

    def _input(self, start: Start, number: str) -> dict[str, Any]:
        if start.workflow in {"order-fulfilment", "goods-return"}:  # what goes back is what was ordered
            return orders.order(self._rng, number, start.mishap)
        if start.workflow == "customer-onboarding":
            return orders.customer(self._rng, number, start.mishap)
        return orders.settlement(self._rng, datetime.now(UTC).date())

    def _insist(self, noun: str, body: dict[str, Any], key: str = "") -> None:
        """Send until it is accepted, always under the same key, so that a lost answer starts nothing twice."""
        pause = 0.5
        while not self._stop.is_set():
            status, said, retry_after = self._post(noun, body, key)
            if status is not None and status < 300:
                return self._say("")
            self._say(f"{body.get('workflow', noun)}: {said}; trying again")
            if status in {400, 409, 413, 422}:  # this input will never do; the next may
                self._stop.wait(pause)
                return None
            if self._stop.wait(max(pause * self._rng.uniform(0.7, 1.0), retry_after)):
                return None
            pause = min(pause * 2, SLOWEST_RETRY)
        return None

    def _post(self, noun: str, body: dict[str, Any], key: str) -> tuple[int | None, str, float]:
        """Status (None when nothing answered), what to say about it, and the wait that the API asks for."""
        try:
            # Read each time: the file may come after this process, or be replaced.
            token = self._token_file.read_text(encoding="utf-8").strip()
            headers = {"Authorization": f"Bearer {token}", "Content-Type": KINDS[noun]}
            if key:
                headers["Idempotency-Key"] = key
            request = urllib.request.Request(f"{self._url}/{noun}", json.dumps(body).encode(), headers, method="POST")
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, "started", 0.0
        except urllib.error.HTTPError as error:
            with error:
                problem = error.read(500).decode(errors="replace")
            return error.code, f"the API answered {error.code}: {problem}", _seconds(error.headers.get("Retry-After"))
        except (OSError, ValueError) as error:  # no file, no server, no valid header
            return None, f"{type(error).__name__}", 0.0

    def _say(self, what: str) -> None:
        """Print a complaint once, not at every retry."""
        if what and what != self._last_said:
            print(f"traffic: {what}", file=sys.stderr, flush=True)
        self._last_said = what


def _seconds(retry_after: str | None) -> float:
    given = retry_after or ""
    return min(float(given), SLOWEST_RETRY) if given.isascii() and given.isdigit() else 0.0


def _pace(value: str) -> float:
    pace = float(value)
    if not 0.1 <= pace <= 6_000:
        raise argparse.ArgumentTypeError("between 0.1 and 6000 starts a minute")
    return pace


def main(arguments: list[str] | None = None) -> int:
    """Start runs until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m examples.traffic", description=__doc__)
    parser.add_argument("--url", required=True, help="where the portal answers, for example http://127.0.0.1:8000")
    parser.add_argument("--token-file", required=True, type=Path, help="file with an API token that may start runs")
    parser.add_argument("--per-minute", type=_pace, default=40.0, help="starts a minute after the first one")
    parser.add_argument("--seed", type=int, default=None, help="makes the input repeatable")
    options = parser.parse_args(arguments)
    if not options.url.startswith(("http://", "https://")):
        parser.error("--url: an address that begins with http:// or https:// is required")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    rng = random.Random(options.seed)
    Traffic(options.url, options.token_file, rng, stop).run(plan(options.per_minute, rng))
    return 0


if __name__ == "__main__":
    sys.exit(main())
