"""Who holds the places: how many runs of each team want a worker now, how many may, and who waits in the queue.

A process looks at most every PAUSE seconds and counts what it starts itself in between, so a start costs no query; what other
processes start meanwhile is a bounded excess, which the next admissions leave to drain. A run whose open steps all wait, for
a timer, an event, or the time of their next try, holds no place. Owns that look. Never admits: admit.py does.
"""

from __future__ import annotations

import time
from datetime import timedelta

from django.conf import settings

from orchestration import clock
from orchestration.engine.prepared import read
from orchestration.limits import QUEUED_AT_HAND, spare_threads
from orchestration.models import Team, WorkerProcess
from orchestration.policies.shares import Standing, may_start

#: Seconds between two looks of one process, at least; and so many times as long as the last look took.
PAUSE, BREATH = 0.1, 20.0
#: Seconds for which the number of workers and the weights of teams are taken to be as they were.
STEADY = 5.0
#: Seconds for which a team that was seen counts as being there.
LATELY = 10.0
#: A worker that has not been heard of for so many leases is gone.
MISSED = 3

# Teams that wait, each found by one step along an index however long its queue is; then the counts. The steps are looked up
# run by run: a join might read all steps that there ever were. `|| ''`: not by an index of states (see statements.py).
_LOOK = """
WITH RECURSIVE waiting(team) AS (
    SELECT min(team_id) FROM orchestration_run WHERE status = 'queued' AND queued_for = 'share'
    UNION ALL
    SELECT (SELECT min(r.team_id) FROM orchestration_run r
            WHERE r.status = 'queued' AND r.queued_for = 'share' AND r.team_id > waiting.team)
    FROM waiting WHERE waiting.team IS NOT NULL
)
SELECT team, -1 FROM waiting WHERE team IS NOT NULL
UNION ALL
SELECT r.team_id, count(*) FROM orchestration_run r
WHERE r.status = 'running' AND (
    SELECT count(*) FROM orchestration_steprun s WHERE s.run_id = r.id AND s.status || '' IN ('ready', 'running')
) > 0
GROUP BY r.team_id
"""

_last: tuple[float, float, Standing] | None = None
_steady: tuple[float, int, dict[int, float]] | None = None
_guests = float("-inf")


def standing() -> Standing:
    """As it is this moment, by the database."""
    global _guests  # noqa: PLW0603
    rows = read(_LOOK)
    processes, weights = _of_late()
    held, queued = {team: count for team, count in rows if count > 0}, {team for team, count in rows if count < 0}
    if queued and held.keys() - queued:
        _guests = time.monotonic()
    return Standing(places(processes), held, queued, weights)


def has_guests() -> bool:
    """Whether lately, by this process's own looks, a team held a place that has no queue while another has one."""
    return time.monotonic() - _guests < LATELY


def take(team_id: int) -> bool:
    """Whether a new run of the team may run at once; if so it is counted."""
    global _last  # noqa: PLW0603 - one view for the process
    now = time.monotonic()
    if _last is None or now >= _last[1]:
        seen, took = standing(), time.monotonic() - now
        _last = (now, now + max(PAUSE, BREATH * took), seen)
    seen = _last[2]
    if not may_start(seen, team_id):
        seen.queued.add(team_id)
        return False
    seen.take(team_id)
    return True


def places(processes: int) -> int:
    """Runs that may want a worker at once: two for each thread, one at work and one at hand for when that ends, but for the
    threads that are kept free for whoever comes.
    """
    wanted = settings.PLUMBLINE.active_runs
    threads = settings.PLUMBLINE.worker_threads
    return wanted or max(1, processes) * (1 + QUEUED_AT_HAND) * max(1, threads - spare_threads(threads))


def forget() -> None:
    """Look again at the next start: after a change of database, or of the setting."""
    global _last, _steady, _guests
    _last, _steady, _guests = None, None, float("-inf")


def _of_late() -> tuple[int, dict[int, float]]:
    """How many worker processes there are, and the weight of each team that has one."""
    global _steady  # noqa: PLW0603
    now = time.monotonic()
    if _steady is None or now - _steady[0] > STEADY:
        heard = clock.now() - timedelta(seconds=MISSED * settings.PLUMBLINE.lease_seconds)
        processes = WorkerProcess.objects.filter(queue__contains="steps", seen_at__gte=heard).count()
        named = Team.objects.filter(document__spec__weight__isnull=False)
        weights = {pk: float(weight) for pk, weight in named.values_list("pk", "document__spec__weight")}
        _steady = (now, processes, weights)
    return _steady[1], _steady[2]
