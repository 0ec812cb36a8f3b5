"""`ray start` for several nodes on loopback: Ray's own refuses them or takes another address."""

from ray._private import ray_constants, services
from ray.scripts import scripts


def as_given(host: str) -> str:
    """The address as it was given."""
    return host


if __name__ == "__main__":
    services.resolve_ip_for_localhost = as_given
    ray_constants.ENABLE_RAY_CLUSTER = True  # of this command alone; what it starts is told not to
    scripts.main()
