"""On how many hosts the cluster runs, and whether they all can serve from one store."""

import ray

from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings
from oo.vault.keyring import FILE_NAME


def check_store(settings: Settings, hosts: int) -> None:
    """Raise ConfigurationError where people's data would differ from host to host."""
    if settings.profile == "prod" and hosts > 1 and settings.store_url.startswith("sqlite"):
        raise ConfigurationError(
            f"The cluster has {hosts} hosts, and a SQLite file cannot be shared between them:"
            " OO_DATABASE_URL must name a PostgreSQL database."
        )
    file = settings.data_dir.resolve() / FILE_NAME  # where hosts share the folder, they share it
    if settings.profile == "prod" and hosts > 1 and not settings.master_keys and not file.exists():
        raise ConfigurationError(
            f"The cluster has {hosts} hosts, and each would make a master key of its own, under"
            " which no other could read what people wrote: OO_MASTER_KEYS must be the same on all."
        )


def count_hosts() -> int:
    """How many hosts this process' cluster has now; 1 outside of a cluster."""
    if not ray.is_initialized():
        return 1
    return len({node["NodeManagerHostname"] for node in ray.nodes() if node["Alive"]})
