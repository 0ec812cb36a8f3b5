"""Where the gRPC servers between replicas listen, which take whatever they are sent."""

from types import SimpleNamespace
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from deployments import replica_internals

ASKED = f"{replica_internals.EVERYWHERE}0"


def listens(monkeypatch: pytest.MonkeyPatch, node: str, *, is_called: bool) -> str:
    """The address on which a replica of the node `node` listens."""
    given: list[str] = []

    def add(server: Any, address: str) -> int:
        given.append(address)
        return 1

    monkeypatch.setattr(replica_internals, "_add_port", add)
    monkeypatch.setattr("ray.util.get_node_ip_address", lambda: node)
    monkeypatch.setattr(replica_internals.constants, "RAY_SERVE_USE_GRPC_BY_DEFAULT", is_called)
    replica_internals._on_own_address(None, ASKED)
    return given[0]


@pytest.mark.parametrize(
    ("node", "is_called", "address"),
    [
        ("127.0.0.1", True, "127.0.0.1:0"),
        ("127.0.0.1", False, "127.0.0.1:0"),
        ("10.1.2.3", False, "127.0.0.1:0"),
        ("10.1.2.3", True, "10.1.2.3:0"),
        ("fd00::3", True, "[fd00::3]:0"),
        ("fd00::3", False, "127.0.0.1:0"),
    ],
)
def test_no_wider_than_calls_need_it(
    monkeypatch: pytest.MonkeyPatch, node: str, is_called: bool, address: str
) -> None:
    assert listens(monkeypatch, node, is_called=is_called) == address


def test_a_process_that_starts_has_its_replicas_listen_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica_internals.replica, "add_port_to_grpc_server", None)
    replica_internals.listen_where_wanted()
    assert replica_internals.replica.add_port_to_grpc_server is replica_internals._on_own_address


class Replica:
    """As much of Serve's replica as a short route needs."""

    def __init__(self) -> None:
        self.under_way = 0
        self.seen: list[tuple[str, str, int]] = []
        self._metrics_manager = SimpleNamespace(
            inc_num_ongoing_requests=lambda _: self._count(1),
            dec_num_ongoing_requests=lambda _: self._count(-1),
        )

    def _count(self, by: int) -> None:
        self.under_way += by

    async def _user_callable_asgi_app(self, scope: Scope, _: Receive, __: Send) -> None:
        self.seen.append(("app", scope["path"], self.under_way))
        if scope["path"] == "/feedback":
            raise ValueError("no number")

    async def serves(self, scope: Scope, _: Receive, __: Send) -> None:
        self.seen.append(("serve", scope.get("path", ""), self.under_way))


async def test_short_routes_reach_the_application_and_are_counted_while_under_way() -> None:
    replica = Replica()
    short = frozenset({("POST", "/recommend"), ("POST", "/feedback")})
    ask: Any = replica_internals._Shortened(replica.serves, short)
    for method, path in (("POST", "/recommend"), ("GET", "/recommend"), ("POST", "/recommend/")):
        await ask({"type": "http", "method": method, "path": path}, None, None)
    with pytest.raises(ValueError, match="no number"):
        await ask({"type": "http", "method": "POST", "path": "/feedback"}, None, None)
    await ask({"type": "websocket", "path": "/recommend"}, None, None)
    assert replica.seen == [
        ("app", "/recommend", 1),
        ("serve", "/recommend", 0),
        ("serve", "/recommend/", 0),
        ("app", "/feedback", 1),
        ("serve", "/recommend", 0),
    ]
    assert replica.under_way == 0
