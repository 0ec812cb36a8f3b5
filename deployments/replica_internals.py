"""What oO's replicas need of Serve beyond its public API, all of it in this file.

`tests/contracts/test_private_apis.py` says what breaks when Serve changes it.
"""

from collections.abc import Collection
from functools import partial
from typing import Any

import ray
from ray.serve._private import constants, replica
from ray.serve._private.common import RequestMetadata, RequestProtocol
from starlette.types import ASGIApp, Receive, Scope, Send

EVERYWHERE = "[::]:"
LOOPBACK = "127.0.0.1"
_add_port = replica.add_port_to_grpc_server
_start_http_server = replica.start_asgi_http_server


def listen_where_wanted() -> None:
    """The gRPC servers of this process' replicas listen no wider than they must.

    They take whatever they are sent, pickles among it, and know no token, and Serve has no option
    for where they listen. On loopback they are for this user's machine; where calls go through Ray,
    which knows the token (RAY_SERVE_USE_GRPC_BY_DEFAULT=0), nobody calls them and they are there
    too; else on the address by which the cluster knows the node, and on none besides.
    """
    replica.add_port_to_grpc_server = _on_own_address


def _on_own_address(server: Any, address: str) -> Any:
    own = ray.util.get_node_ip_address()
    host = own if constants.RAY_SERVE_USE_GRPC_BY_DEFAULT else LOOPBACK
    within = f"[{host}]:" if ":" in host else f"{host}:"
    return _add_port(server, address.replace(EVERYWHERE, within, 1))


def shorten(routes: Collection[tuple[str, str]]) -> None:
    """Requests of these (method, path) go from this process' HTTP server to its application.

    Serve's replica makes two tasks, a queue, ids, a context and metrics of its own for each. It
    still counts them as under way, by which it scales and waits before it ends. They are not
    cancelled when who asked is gone: their deadline is short, and a reaction is better kept.
    HAProxy bounds how many there are at once.
    """
    replica.start_asgi_http_server = partial(_start_shortened, frozenset(routes))


async def _start_shortened(
    routes: frozenset[tuple[str, str]], app: Any, *arguments: Any, **options: Any
) -> Any:
    return await _start_http_server(_Shortened(app, routes), *arguments, **options)


class _Shortened:
    """`serves`, a replica's method, for all but the shortened routes."""

    def __init__(self, serves: Any, routes: frozenset[tuple[str, str]]) -> None:
        self._serves = serves
        self._routes = routes
        self._counts = serves.__self__._metrics_manager
        self._app: ASGIApp = serves.__self__._user_callable_asgi_app
        self._request = RequestMetadata(
            request_id="",
            internal_request_id="",
            _request_protocol=RequestProtocol.HTTP,
            is_direct_ingress=True,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"], scope["path"]) not in self._routes:
            await self._serves(scope, receive, send)
            return
        self._counts.inc_num_ongoing_requests(self._request)
        try:
            await self._app(scope, receive, send)
        finally:
            self._counts.dec_num_ongoing_requests(self._request)
