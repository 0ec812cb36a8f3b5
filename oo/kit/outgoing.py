"""The client for calls to others, whose addresses people, operators or providers have a say in.

It calls public addresses and the operator's own (:mod:`oo.kit.addresses`), follows no redirect,
takes no more bytes and no more time than it is allowed, and uses no proxy of the environment: that
would resolve names itself.
"""

import asyncio
import ssl
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import cast

import httpcore2
import httpx2

from oo.kit.addresses import PinnedConnections, RefusedAddress, Resolve, resolve
from oo.kit.setting_groups import Outgoing

CONNECT_S = 5.0
STEP_S = 10.0  # between two pieces of an answer
_POOL_ERRORS = (
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.TimeoutException,
    httpcore2.UnsupportedProtocol,
)


class Refused(httpx2.ConnectError):
    """The address is not called, whoever asks; see `OO_OUTGOING__OWN_NETWORKS`."""


class TooMuch(httpx2.ReadError):
    """The answer is larger than `OO_OUTGOING__MAX_BYTES`, or compressed, which nobody asked for."""


class TooLong(httpx2.ReadTimeout):
    """The call has taken longer than `OO_OUTGOING__TIMEOUT_S` altogether."""


@cache
def _verifying() -> ssl.SSLContext:
    """How servers prove who they are; reading the certificates takes .05 s, once in a process."""
    return httpx2.create_ssl_context()


class OutgoingTransport(httpx2.AsyncBaseTransport):
    """HTTP/1.1 over pinned connections; its errors are httpx's."""

    def __init__(self, allowed: Outgoing, resolve: Resolve = resolve) -> None:
        self._allowed = allowed
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=_verifying(),
            network_backend=PinnedConnections(allowed.own_networks, resolve),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        ends = asyncio.get_running_loop().time() + self._allowed.timeout_s
        # an answer may be a thousand times as large as what was compressed
        request.headers["accept-encoding"] = "identity"
        asked = httpcore2.Request(
            request.method,
            httpcore2.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=cast(AsyncIterable[bytes], request.stream),
            extensions=request.extensions,
        )
        async with _in_time(ends):
            answer = await self._pool.handle_async_request(asked)
        body = _Bounded(answer, ends, self._allowed.max_bytes)
        response = httpx2.Response(
            answer.status, headers=answer.headers, stream=body, extensions=answer.extensions
        )
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            await body.aclose()
            raise TooMuch("the answer is compressed")
        return response

    async def aclose(self) -> None:
        await self._pool.aclose()


class Borrowed(httpx2.AsyncBaseTransport):
    """A transport for clients that come and go: they do not close it."""

    def __init__(self, owned: httpx2.AsyncBaseTransport) -> None:
        self._owned = owned

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._owned.handle_async_request(request)


def outgoing_client(allowed: Outgoing, resolve: Resolve = resolve) -> httpx2.AsyncClient:
    """A client for calls to others; the caller closes it."""
    return httpx2.AsyncClient(
        transport=OutgoingTransport(allowed, resolve),
        timeout=httpx2.Timeout(STEP_S, connect=CONNECT_S),
        follow_redirects=False,
        trust_env=False,
    )


class _Bounded(httpx2.AsyncByteStream):
    """The body of an answer, as long as it is small and soon enough."""

    def __init__(self, answer: httpcore2.Response, ends: float, max_bytes: int) -> None:
        self._answer = answer
        self._ends = ends
        self._left = max_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = aiter(cast(AsyncIterable[bytes], self._answer.stream))
        while True:
            async with _in_time(self._ends):
                piece = await anext(pieces, None)
            if piece is None:
                return
            self._left -= len(piece)
            if self._left < 0:
                raise TooMuch("the answer is too large")
            yield piece

    async def aclose(self) -> None:
        await self._answer.aclose()


@asynccontextmanager
async def _in_time(ends: float) -> AsyncIterator[None]:
    """Until the deadline of the whole call; errors of the pool become httpx's."""
    try:
        async with asyncio.timeout_at(ends):
            yield
    except TimeoutError as error:
        raise TooLong("the call took too long") from error
    except RefusedAddress as error:
        raise Refused(str(error)) from error
    except _POOL_ERRORS as error:
        kind = getattr(httpx2, type(error).__name__, httpx2.TransportError)
        raise kind(str(error)) from error
