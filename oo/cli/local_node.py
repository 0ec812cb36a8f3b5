"""oO on this machine: one Ray node that lives and dies with the process that started it."""

import contextlib
import logging
import os
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

import psutil
import yaml

from oo.cli.environment import HAPROXY, prepare_environment
from oo.cli.haproxy import Wanted, write_launcher
from oo.cli.reaper import lives
from oo.cli.run_folder import RAY, run_folder
from oo.cli.running import as_running, health, wait_until
from oo.kit.errors import ConfigurationError, OoError
from oo.kit.settings import Settings

log = logging.getLogger(__name__)

CONFIG = Path(__file__).parents[2] / "serve_config.yaml"
OBJECT_STORE_BYTES = 128 * 1024**2
LOGICAL_CPUS = 16  # what deployments claim, not what they use; the engine's group alone claims 2
ADDRESS_FILE = "ray.address"
LOOPBACK = "127.0.0.1"
DAEMONS = {"gcs_server", "raylet"}
_daemons: dict[str, psutil.Process] = {}  # as they were found last
STOP_WITHIN_S = 3.0
LOOK_EVERY_S = 0.5


def start_node(settings: Settings, config: Path) -> None:
    """Start a Ray node in this process' care and deploy `config` to it."""
    import ray

    from oo.cli import ray_internals

    run = run_folder(settings.data_dir)
    trusted = tuple(map(str, settings.trusted_proxies))
    limits = settings.limits
    wanted = Wanted(
        settings.host, trusted, limits.requests_per_second, limits.session_tips_per_second
    )
    write_launcher(settings.data_dir.resolve() / HAPROXY, wanted)
    ray.init(
        address="local",
        num_cpus=LOGICAL_CPUS,
        include_dashboard=False,
        object_store_memory=OBJECT_STORE_BYTES,
        log_to_driver=False,
        logging_level="ERROR",
        configure_logging=False,
        namespace="oo",
        _temp_dir=str(run / RAY),
        **ray_internals.ON_LOOPBACK,
    )
    options = http_options(settings)
    (settings.data_dir.resolve() / ADDRESS_FILE).write_text(ray.get_runtime_context().gcs_address)
    # what people see first: the engine's start would slow the page's down
    deploy(config, options, pages_only=True)


def node_lives() -> bool:
    """Whether the daemons without which nothing is served run: Ray's raylet and control store."""
    if not all(name in _daemons and lives(_daemons[name]) for name in DAEMONS):
        # looks at every process of the machine: only where those known are not enough
        _daemons.clear()
        _daemons.update(
            (name, child)
            for child in psutil.Process().children()
            if (name := _name(child)) in DAEMONS and lives(child)
        )
    return _daemons.keys() >= DAEMONS


def _name(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return process.name()
    return ""


def http_options(settings: Settings) -> dict[str, Any]:
    """Where Serve and its replicas listen; HAProxy alone listens on OO_HOST."""
    return {"host": LOOPBACK, "port": settings.port}


def join_node(settings: Settings) -> None:
    """Connect to the node that `oo serve` runs on the same data folder, or to RAY_ADDRESS."""
    import ray

    file = settings.data_dir.resolve() / ADDRESS_FILE
    address = os.environ.get("RAY_ADDRESS") or (file.read_text() if file.exists() else None)
    if address is None:
        raise ConfigurationError("oO does not run here: start it with `oo serve`.")
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except ConnectionError as error:
        raise ConfigurationError(f"No oO answers at {address}: {error}") from error


def deploy(
    config: Path, http_options: dict[str, Any] | None = None, *, pages_only: bool = False
) -> None:
    """Make the running cluster what `config` says; what is wrong leaves the old one serving.

    With `pages_only`, only the applications that have a route.
    """
    from oo.cli import ray_internals

    content = _content(config)
    if http_options:
        content["http_options"] = {**content.get("http_options", {}), **http_options}
    if pages_only:
        content["applications"] = [a for a in content["applications"] if a.get("route_prefix")]
    _keep(content, ray_internals.releases())
    ray_internals.deploy(content)


def deploy_anew(config: Path, release: str, within_s: float) -> None:
    """As :func:`deploy`, and replace every replica, whatever the file says.

    Each serves until its successor does. What people see comes first, the others when that is done:
    all at once would keep the processors busy for longer. Raises OoError where it is not done in
    time, or not at all.
    """
    from oo.cli import ray_internals

    content, running = _content(config), ray_internals.releases()
    for seen in (True, False):
        mine = [it for it in content["applications"] if bool(it.get("route_prefix")) is seen]
        names = {str(it["name"]) for it in mine}
        if not names:
            continue
        running |= dict.fromkeys(names, release)
        _keep(content, running)
        ray_internals.deploy(content)
        _wait_until_deployed(names, within_s)


def _content(config: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = yaml.safe_load(config.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{config} cannot be read: {error}") from error
    return content


def _keep(content: dict[str, Any], releases: Mapping[str, str]) -> None:
    """Name the release that runs, where the file names none: else all would be replaced again."""
    for it in content["applications"]:
        if release := releases.get(str(it.get("name"))):
            it["args"] = {"release": release, **(it.get("args") or {})}


def _wait_until_deployed(names: Set[str], within_s: float) -> None:
    from ray import serve

    def are_deployed() -> bool:
        found = serve.status().applications
        if problems := deployment_errors():
            raise OoError(f"What ran before serves on: {'; '.join(problems)}")
        return all(name in found and found[name].status == "RUNNING" for name in names)

    if not wait_until(are_deployed, within_s, LOOK_EVERY_S):
        raise OoError(f"It is not done after {within_s:.0f} s; `oo status` shows how far it is.")


def stop_node() -> None:
    """End everything that start_node started, within seconds.

    What was acknowledged is committed, so replicas need no time to finish.
    """
    import ray

    from oo.cli import ray_internals

    started = psutil.Process().children(recursive=True)
    # whoever ends oO would be told to look into the logs of a controller that is ended here anyway
    logging.getLogger("ray.serve").setLevel(logging.ERROR)
    with contextlib.suppress(Exception):
        ray_internals.shutdown(STOP_WITHIN_S)
    ray.shutdown()
    # an actor that was killed leaves its own children (HAProxy, engine cores) behind
    _, alive = psutil.wait_procs(started, timeout=3)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def deployment_errors() -> list[str]:
    """The messages of applications that could not be deployed."""
    from ray import serve

    return [
        f"{name}: {application.message.strip().splitlines()[-1]}"
        for name, application in serve.status().applications.items()
        if application.status in {"DEPLOY_FAILED", "UNHEALTHY"} and application.message
    ]


def pinned_policy(settings: Settings) -> str | None:
    """The policy that `user_config` of BanditShard names; None without one, or if oO is not up."""
    if health(as_running(settings)) is None:
        return None
    prepare_environment(settings)
    import ray

    from oo.cli import ray_internals

    try:
        join_node(settings)
        config = ray_internals.user_config("oo", "BanditShard")
        found = config.get("policy")
        return None if found is None else str(found)
    except (ConfigurationError, LookupError) as error:
        log.debug("whether a policy is pinned cannot be told: %r", error)
        return None
    finally:
        ray.shutdown()
