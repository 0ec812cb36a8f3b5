"""`ray start` for several nodes on loopback: Ray's own refuses them or takes another address."""

import sys
import time
from typing import Any

import psutil
from ray._private import ray_constants, services
from ray.scripts import scripts

UP_WITHIN_S = 80.0  # Ray's own 30 s are short for several nodes on a busy machine

_get_node = services.get_node


def as_given(host: str) -> str:
    """The address as it was given."""
    return host


def get_node(address: str, node_id: str) -> Any:
    """The node, as soon as its raylet is there; ends the command where the raylet has died.

    A raylet gives its agents 15 s to start, and dies when they need longer.
    """
    end = time.monotonic() + UP_WITHIN_S
    while time.monotonic() < end:
        try:
            return _get_node(address, node_id)
        except RuntimeError:
            if not _raylet_lives():
                sys.exit(1)
            time.sleep(0.2)
    return _get_node(address, node_id)


def no_addresses() -> set[str]:
    """Control stores on this machine, as the raylets of the other nodes name them: none is ours."""
    return set()


def _raylet_lives() -> bool:
    return any(
        it.name() == "raylet" and it.status() != psutil.STATUS_ZOMBIE
        for it in psutil.Process().children()
    )


if __name__ == "__main__":
    services.resolve_ip_for_localhost = as_given
    services.get_node = get_node
    services.find_gcs_addresses = no_addresses
    ray_constants.ENABLE_RAY_CLUSTER = True  # of this command alone; what it starts is told not to
    scripts.main()
