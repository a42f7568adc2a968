"""What may be called: private addresses only where the operator says so, wherever they come from."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Iterator
from typing import Any

import httpcore
import pytest
from django.conf import settings

from orchestration.steps import egress
from orchestration.steps.egress import Refused, check
from tests.engine.services import json_answer, service


@pytest.fixture
def allow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Set the operator's allow-list; empty at first. The pool is new, so that no connection is left from elsewhere."""

    def set_to(*hosts: str) -> None:
        monkeypatch.setattr(
            settings, "PLUMBLINE", dataclasses.replace(settings.PLUMBLINE, allowed_private_hosts=list(hosts))
        )

    set_to()
    egress.pool.cache_clear()
    yield set_to
    egress.pool.cache_clear()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.0.1", "198.18.0.1",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
        "2002:7f00:1::", "2002:a9fe:a9fe::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2001::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused(allow: Any, address: str):
    with pytest.raises(Refused, match="PLUMBLINE_ALLOWED_PRIVATE_HOSTS"):
        check("inner.example", 80, address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_a_public_address_is_called(allow: Any, address: str):
    check("outer.example", 443, address)


@pytest.mark.parametrize(
    ("allowed", "host", "port", "passes"),
    [
        ("inventory", "inventory", 8080, True),
        ("inventory", "inventory", 9, True),
        ("inventory:8080", "inventory", 8080, True),
        ("inventory:8080", "inventory", 8081, False),
        ("Inventory", "inventory", 80, True),
        ("inventory", "INVENTORY", 80, True),
        ("inventory", "inventory.evil.example", 80, False),
        ("inventory", "inventor", 80, False),
        ("::1", "::1", 80, True),
        ("[::1]", "::1", 80, True),
        ("[::1]:80", "::1", 80, True),
        ("[::1]:80", "::1", 81, False),
        ("10.0.0.1", "10.0.0.2", 80, False),
    ],
)
def test_the_allow_list_names_hosts_with_or_without_a_port(
    allow: Any, allowed: str, host: str, port: int, passes: bool
):
    allow(allowed)
    if passes:
        check(host, port, "10.0.0.1")
    else:
        with pytest.raises(Refused):
            check(host, port, "10.0.0.1")


def get(url: str) -> int:
    return egress.pool().request("GET", url).status


def test_the_guard_stands_at_the_connect(allow: Any):
    with service(lambda _: json_answer("1")) as shop:
        with pytest.raises(Refused, match=f"127.0.0.1:{shop.port}"):
            get(shop.url)
        allow(f"127.0.0.1:{shop.port}")
        assert get(shop.url) == 200


@pytest.mark.parametrize(
    "shape",
    ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]", "user@127.0.0.1", "8.8.8.8@127.0.0.1"],
)
def test_other_ways_to_write_a_private_address_are_seen_through(allow: Any, shape: str):
    with service(lambda _: json_answer("1")) as shop:
        with pytest.raises((Refused, httpcore.ConnectError)):
            get(f"http://{shape}:{shop.port}/")
        assert shop.requests == []


def resolve_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Each look-up gives the next answer, the last one for ever; returns the names asked for."""
    asked: list[str] = []

    def look_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(egress.socket, "getaddrinfo", look_up)
    return asked


def test_a_name_that_resolves_to_a_private_address_is_refused(allow: Any, monkeypatch: pytest.MonkeyPatch):
    resolve_to(monkeypatch, ["169.254.169.254"])
    with pytest.raises(Refused, match=r"metadata.example:80 is the private address 169.254.169.254"):
        get("http://metadata.example/")


def test_one_private_address_among_public_ones_is_enough_to_refuse(allow: Any, monkeypatch: pytest.MonkeyPatch):
    resolve_to(monkeypatch, ["93.184.216.34", "127.0.0.1"])
    with pytest.raises(Refused):
        get("http://both.example/")


def test_the_connection_goes_to_the_address_that_was_checked(allow: Any, monkeypatch: pytest.MonkeyPatch):
    asked = resolve_to(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])  # public at the check, private a moment later
    dialled: list[str] = []

    def dial(self: Any, host: str, port: int, *_: Any, **__: Any) -> Any:
        dialled.append(host)
        raise httpcore.ConnectError("far away")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", dial)
    with pytest.raises(httpcore.ConnectError):
        get("http://rebinding.example/")
    assert (asked, dialled) == (["rebinding.example"], ["93.184.216.34"])


def test_a_redirect_is_checked_anew(allow: Any):
    from orchestration.steps.http import _send

    with service(lambda _: json_answer('"the keys"')) as inner:
        with service(lambda _: (302, {"Location": f"{inner.url}/keys"}, b"")) as shop:
            allow(f"127.0.0.1:{shop.port}")
            with pytest.raises(Refused, match=str(inner.port)):
                _send("GET", shop.url, [], b"", 5)
        assert inner.requests == []


def test_a_unix_socket_is_refused():
    with pytest.raises(Refused, match="unix"):
        egress.GuardedBackend().connect_unix_socket("/run/docker.sock")


@pytest.mark.parametrize("name", ["", ".", "a" * 300, "xn--\ud800", "no-such-host.invalid"])
def test_a_name_that_can_not_be_resolved_is_a_failed_connect(name: str):
    with pytest.raises(httpcore.ConnectError):
        egress.GuardedBackend().connect_tcp(name, 80)
