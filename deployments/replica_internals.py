"""What oO's replicas need of Serve beyond its public API, all of it in this file.

`tests/contracts/test_private_apis.py` says what breaks when Serve changes it.
"""

from typing import Any

import ray
from ray.serve._private import constants, replica

EVERYWHERE = "[::]:"
LOOPBACK = "127.0.0.1"
_add_port = replica.add_port_to_grpc_server


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
