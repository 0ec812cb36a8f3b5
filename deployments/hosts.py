"""On how many hosts the cluster runs, and whether the store can serve them all."""

import ray

from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings


def check_store(settings: Settings, hosts: int) -> None:
    """Raise ConfigurationError where people's data would differ from host to host."""
    if settings.profile == "prod" and hosts > 1 and settings.store_url.startswith("sqlite"):
        raise ConfigurationError(
            f"The cluster has {hosts} hosts, and a SQLite file cannot be shared between them:"
            " OO_DATABASE_URL must name a PostgreSQL database."
        )


def count_hosts() -> int:
    """How many hosts this process' cluster has now; 1 outside of a cluster."""
    if not ray.is_initialized():
        return 1
    return len({node["NodeManagerHostname"] for node in ray.nodes() if node["Alive"]})
