"""What oO's replicas need of Serve beyond its public API, all of it in this file.

`tests/contracts/test_private_apis.py` says what breaks when Serve changes it.
"""

from typing import Any

import ray
from ray.serve._private import replica

EVERYWHERE = "[::]:"
LOOPBACK = "127.0.0.1"
_add_port = replica.add_port_to_grpc_server


def listen_on_loopback() -> None:
    """Where the node is on loopback, its replicas' gRPC servers are, too: Serve has no option."""
    replica.add_port_to_grpc_server = _on_own_address


def _on_own_address(server: Any, address: str) -> Any:
    if ray.util.get_node_ip_address() == LOOPBACK:
        address = address.replace(EVERYWHERE, f"{LOOPBACK}:", 1)
    return _add_port(server, address)
