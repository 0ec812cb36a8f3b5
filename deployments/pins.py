"""Whether the running oO has a policy pinned by its configuration."""

import logging

from deployments import local
from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings

log = logging.getLogger(__name__)


def pinned(settings: Settings) -> str | None:
    """The policy that `user_config` of BanditShard names; None without one, or if oO is not up."""
    if local.health(settings) is None:
        return None
    local.prepare_environment(settings)
    import ray
    from ray.serve.context import _get_global_client

    try:
        local.join_node(settings)
        applications = _get_global_client().get_serve_details()["applications"]
        shard = applications["oo"]["deployments"]["BanditShard"]
        found = (shard["deployment_config"].get("user_config") or {}).get("policy")
        return None if found is None else str(found)
    except (ConfigurationError, KeyError) as error:
        log.debug("whether a policy is pinned cannot be told: %r", error)
        return None
    finally:
        ray.shutdown()
