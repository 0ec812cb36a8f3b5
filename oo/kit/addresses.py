"""Which addresses oO may call for somebody else: public ones, and the operator's own if allowed.

A name is resolved once for each connection, and the connection goes to what was checked: a name
that stands for another address a moment later (DNS rebinding) leads nowhere else.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import httpcore2

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# what clouds tell their machines about themselves, credentials too: link-local addresses and these
_METADATA = frozenset(
    ipaddress.ip_address(it)
    for it in ("fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16")
)
# IPv6 addresses that stand for an IPv4 address in their last four bytes (RFC 6052, RFC 4291)
_WRAPPED = tuple(ipaddress.ip_network(it) for it in ("64:ff9b::/96", "::/96"))
_SIX_TO_FOUR = ipaddress.ip_network("2002::/16")  # RFC 3056
_TUNNELS = (ipaddress.ip_network("2001::/32"), ipaddress.ip_network("64:ff9b:1::/48"))


class RefusedAddress(httpcore2.ConnectError):
    """The host stands for an address that is not called."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Every address of the host, as the machine's resolver has them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(it[4][0]) for it in found))


def may_be_called(text: str, own: Iterable[Network] = ()) -> bool:
    """Whether the address is public, or in one of the operator's `own` networks.

    Link-local addresses and those of a cloud's metadata are in none.
    """
    try:
        address = _meant(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return False
    if address.is_link_local or address.is_multicast or address in _METADATA:
        return False
    if any(address in network for network in own):
        return True
    if any(address in network for network in _TUNNELS):
        return False
    return address.is_global and not address.is_reserved


def _meant(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that stands for it."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _SIX_TO_FOUR and address.sixtofour is not None:
        return address.sixtofour
    if int(address) > 1 and any(address in network for network in _WRAPPED):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


class PinnedConnections(httpcore2.AsyncNetworkBackend):
    """Connects to the address that was resolved and checked, never to a name."""

    def __init__(self, own: Iterable[Network], resolve: Resolve = resolve) -> None:
        self._own = tuple(own)
        self._resolve = resolve
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface has it
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Raises RefusedAddress when any address of the host is one that is not called."""
        found = await self._addresses(host, port, timeout)
        if not all(may_be_called(one, self._own) for one in found):
            raise RefusedAddress("not a public address, nor one of OO_OUTGOING__OWN_NETWORKS")
        failed: httpcore2.NetworkError | httpcore2.TimeoutException
        failed = httpcore2.ConnectError("the host has no address")
        for one in found:
            try:
                return await self._network.connect_tcp(
                    one, port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface has it
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Never: nobody else names a socket of this machine."""
        raise RefusedAddress("sockets of this machine are not called")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int, within_s: float | None) -> Sequence[str]:
        try:
            async with asyncio.timeout(within_s):
                return await self._resolve(host, port)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout("the name is not resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError("the name cannot be resolved") from error
