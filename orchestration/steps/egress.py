"""The guard on outgoing connections: private addresses are refused unless the operator allow-lists the host.

Names are resolved here and the connection goes to the address that was checked, so a name that changes between check
and connect (DNS rebinding) gains nothing; every redirect connects anew and is checked anew. No read or write outlives
the deadline of its call, however slowly the other side drips. Owns these two and the pool. Never reads a manifest: the
allow-list is PLUMBLINE_ALLOWED_PRIVATE_HOSTS, the operator's word.
"""

from __future__ import annotations

import functools
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
from django.conf import settings

#: Bytes written between two looks at the clock.
CHUNK = 64 * 1024
TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_call = threading.local()


class Refused(Exception):
    """The address may not be called. The message names the host and the remedy."""


def check(host: str, port: int, address: str) -> None:
    """Raise Refused for an address that is not public and whose host (or host:port) is not allow-listed."""
    if all(_is_public(ip) for ip in _meant_by(ipaddress.ip_address(address.split("%", maxsplit=1)[0]))):
        return
    name = f"[{host}]" if ":" in host else host
    allowed = {word.lower() for word in settings.PLUMBLINE.allowed_private_hosts}
    if allowed & {host.lower(), name.lower(), f"{name}:{port}".lower()}:
        return
    raise Refused(
        f"{name}:{port} is the private address {address}; the operator may allow it in PLUMBLINE_ALLOWED_PRIVATE_HOSTS"
    )


def _is_public(ip: _Address) -> bool:
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or getattr(ip, "is_site_local", False))


def _meant_by(ip: _Address) -> list[_Address]:
    """The address, or the IPv4 ones that it carries: mapped, 6to4, Teredo, or behind a translator (RFC 6052)."""
    if isinstance(ip, ipaddress.IPv4Address):
        return [ip]
    if ip.ipv4_mapped is not None:
        return [ip.ipv4_mapped]
    if ip in TRANSLATED:
        return [ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)]
    return [ip, *([ip.sixtofour] if ip.sixtofour else []), *(ip.teredo or ())]


class Bounded(httpcore.NetworkStream):
    """A stream whose reads and writes end at the thread's deadline: a timeout for each read alone bounds no drip."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), CHUNK):
            self._stream.write(buffer[start : start + CHUNK], _left(timeout, httpcore.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return Bounded(self._stream.start_tls(ssl_context, server_hostname, _left(timeout, httpcore.ConnectTimeout)))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


@contextmanager
def until(deadline: float) -> Iterator[None]:
    """Everything that this thread sends and receives inside ends at that monotonic second."""
    _call.deadline = deadline
    try:
        yield
    finally:
        del _call.deadline


def _left(timeout: float | None, expired: type[httpcore.TimeoutException]) -> float | None:
    deadline: float | None = getattr(_call, "deadline", None)
    if deadline is None:
        return timeout
    left = deadline - time.monotonic()
    if left <= 0:
        raise expired("out of time")
    return left if timeout is None else min(timeout, left)


class GuardedBackend(httpcore.NetworkBackend):
    """httpcore's plain sockets, with every address checked before the connect."""

    def __init__(self) -> None:
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host}: {error}") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for address in addresses:
            check(host, port, address)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            left = _left(timeout, httpcore.ConnectTimeout)
            try:
                return Bounded(self._plain.connect_tcp(address, port, left, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        raise Refused("unix sockets can't be called")

    def sleep(self, seconds: float) -> None:
        self._plain.sleep(seconds)


@functools.cache
def pool() -> httpcore.ConnectionPool:
    """The process's pool: made at the first call, since a pool opened before a fork does not survive it."""
    return httpcore.ConnectionPool(
        max_connections=200, max_keepalive_connections=50, keepalive_expiry=15.0, network_backend=GuardedBackend()
    )
