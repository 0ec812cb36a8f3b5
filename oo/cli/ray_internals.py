"""What the local node asks of Ray beyond its public API, all of it in this file.

`tests/contracts/test_private_apis.py` says what breaks when Ray changes it.
"""

import logging
from typing import Any

from ray import serve
from ray.serve.context import _get_global_client
from ray.serve.exceptions import RayServeException
from ray.serve.schema import ServeDeploySchema

# ray.init: the address that the node's own daemons listen on
ON_LOOPBACK = {"_node_ip_address": "127.0.0.1"}


def deploy(content: dict[str, Any]) -> None:
    """Make the cluster what a Serve config says, as `serve deploy` does, without its dashboard.

    The first one brings Serve, with where its proxies are and listen; later ones leave that.
    """
    schema = ServeDeploySchema.model_validate(content)
    try:
        client = _get_global_client()
    except RayServeException:
        options = content.get("http_options")
        logging.getLogger("ray.serve").setLevel(logging.WARNING)  # it would greet the terminal
        serve.start(proxy_location=schema.proxy_location, http_options=options)
        client = _get_global_client()
    client.deploy_apps(schema)


def releases() -> dict[str, str]:
    """What `release` is among the arguments of each application that runs, where it is any."""
    try:
        applications = _get_global_client().get_serve_details()["applications"]
    except RayServeException:
        return {}
    configs = {name: it.get("deployed_app_config") or {} for name, it in applications.items()}
    said = {name: (it.get("args") or {}).get("release") for name, it in configs.items()}
    return {name: str(it) for name, it in said.items() if it}


def shutdown(within_s: float) -> None:
    """End all applications and Serve itself."""
    _get_global_client().shutdown(timeout_s=within_s)


def user_config(application: str, deployment: str) -> dict[str, Any]:
    """The `user_config` that a deployment runs with; raises LookupError if it does not run."""
    details = _get_global_client().get_serve_details()["applications"]
    config = details[application]["deployments"][deployment]["deployment_config"]
    return dict(config.get("user_config") or {})
