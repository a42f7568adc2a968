"""The guard on outgoing connections: private addresses are refused unless the operator allow-lists the host.

Names are resolved here and the connection goes to the address that was checked, so a name that changes between check
and connect (DNS rebinding) gains nothing; every redirect connects anew and is checked anew. Owns that check and the
pool. Never reads a manifest: the allow-list is PLUMBLINE_ALLOWED_PRIVATE_HOSTS, the operator's word.
"""

from __future__ import annotations

import functools
import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

import httpcore
from django.conf import settings


class Refused(Exception):
    """The address may not be called. The message names the host and the remedy."""


def check(host: str, port: int, address: str) -> None:
    """Raise Refused for an address that is not public and whose host (or host:port) is not allow-listed."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if ip.is_global and not ip.is_multicast:
        return
    allowed = settings.PLUMBLINE.allowed_private_hosts
    if host in allowed or f"{host}:{port}" in allowed:
        return
    raise Refused(
        f"{host}:{port} is the private address {address}; the operator may allow it in PLUMBLINE_ALLOWED_PRIVATE_HOSTS"
    )


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
            try:
                return self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
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
