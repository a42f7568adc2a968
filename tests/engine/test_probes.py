"""Probes: asked when due, by one process, in a thread of its own; and the health that comes of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from orchestration import clock
from orchestration.engine import probes
from orchestration.models import Breaker, Dependency, RollupMinute, Series
from orchestration.policies.breaker import State
from orchestration.selectors.breakers import health_of, view
from orchestration.selectors.guards import guards_of
from orchestration.services.governed import save
from tests.engine.breaking import Shop, declare, forget, open_breaker
from tests.engine.services import service

pytestmark = pytest.mark.django_db

PROBE = {"path": "/healthz", "every": "10s", "timeout": "2s"}


@pytest.fixture(autouse=True)
def anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    forget()
    monkeypatch.setattr(probes, "_enrolled_at", -1000.0)
    yield
    forget()
    clock.reset()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Probes are noted instead of sent: a thread would not see this test's transaction."""
    found: list[str] = []

    class Noted:
        def __init__(self, *, target: object, args: tuple[str, object], name: str, daemon: bool) -> None:
            self.name = args[0]

        def start(self) -> None:
            found.append(self.name)
            probes._under_way.discard(self.name)

    monkeypatch.setattr(probes.threading, "Thread", Noted)
    return found


def test_a_probe_is_asked_every_so_often_and_by_one_of_many(asked: list[str]):
    declare("http://127.0.0.1:9", probe=PROBE)
    now = clock.now()
    assert (probes.look(now), probes.look(now), asked) == (1, 0, ["shop"])
    assert probes.look(now + timedelta(seconds=9)) == 0
    assert probes.look(now + timedelta(seconds=10)) == 1


def test_who_no_longer_declares_a_probe_is_left_alone(asked: list[str]):
    declare("http://127.0.0.1:9", probe=PROBE)
    probes.look(clock.now())
    declare("http://127.0.0.1:9")
    probes.enrol(clock.now())
    assert Breaker.objects.get(name="shop").probe_next is None
    assert probes.look(clock.now() + timedelta(minutes=1)) == 0


def test_what_a_probe_came_to_makes_the_health_where_nobody_calls():
    shop = Shop()
    with service(shop) as served:
        declare(served.url, probe=PROBE)
        probe = guards_of("shop").probe
        assert probe is not None
        assert health_of(["shop"])["shop"].word == "unknown"
        probes.enrol(clock.now())
        for _ in range(3):
            probes.ask("shop", probe)
        assert (health_of(["shop"])["shop"].word, view("shop").probe_failures) == ("down", 3)
        assert "503" in view("shop").probe_error
        shop.status = 200
        probes.ask("shop", probe)
        assert (health_of(["shop"])["shop"].word, view("shop").probe_error) == ("healthy", "")
        assert [request[1] for request in served.requests] == ["/healthz"] * 4


def test_the_health_is_made_of_rollups_breaker_and_burn():
    shop = Shop()
    with service(shop) as served:
        open_breaker(served.url)
    assert health_of(["shop", "nobody"])["shop"].word == "down"
    assert health_of(["nobody"])["nobody"].word == "unknown"
    dependency = Dependency.objects.get(name="shop")
    dependency.name = "calm"
    dependency.pk = None
    save(dependency, actor=None, reason="a test")
    calls = Series.objects.create(kind="call", dependency="calm")
    minute = clock.now().replace(second=0, microsecond=0) - timedelta(minutes=2)
    RollupMinute.objects.create(series=calls, ts=minute, n=30, ok=20, error=10)
    assert health_of(["calm"])["calm"].word == "healthy"
    assert health_of(["calm"], burn={"calm": 6.5})["calm"].word == "degraded"
    RollupMinute.objects.filter(series=calls).update(ok=15, error=15)
    assert health_of(["calm"])["calm"].word == "down"
    assert view("shop").state in {State.OPEN, State.HALF_OPEN}
