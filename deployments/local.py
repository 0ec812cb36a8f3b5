"""oO on this machine: one Ray node that lives and dies with the process that started it."""

import asyncio
import contextlib
import json
import os
import secrets
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import yaml
from filelock import FileLock, Timeout

from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings
from oo.store.database import Database
from oo.store.migrate import migrate

NEEDED_MEMORY = 3 * 1024**3
OBJECT_STORE_BYTES = 128 * 1024**2
LOGICAL_CPUS = 16  # what deployments claim, not what they use; the engine's group alone claims 2
ADDRESS_FILE = "ray.address"
STOP_WITHIN_S = 3.0
PORT_NAMES = (
    "RAY_SERVE_HAPROXY_STATS_PORT",
    "RAY_SERVE_HAPROXY_METRICS_PORT",
    "RAY_SERVE_FALLBACK_PROXY_HTTP_PORT",
    "RAY_SERVE_FALLBACK_PROXY_GRPC_PORT",
)


def check_machine(settings: Settings) -> None:
    """Raise ConfigurationError, saying what to do, when oO cannot start here."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise ConfigurationError(
                f"Port {settings.port} on {settings.host} is taken ({error.strerror});"
                " end what uses it or choose another with OO_PORT."
            ) from error
    free = psutil.virtual_memory().available
    if free < NEEDED_MEMORY:
        raise ConfigurationError(
            f"oO needs about {NEEDED_MEMORY >> 30} GiB of free memory and finds"
            f" {free / 2**30:.1f} GiB; close something and try again."
        )


@contextmanager
def data_dir(settings: Settings) -> Iterator[Path]:
    """The data folder, for one running oO only."""
    folder = settings.data_dir.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(folder / "running.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ConfigurationError(
            f"oO is already running on {folder}; end it, or choose another OO_DATA_DIR."
        ) from None
    with lock:
        yield folder


def prepare_store(settings: Settings) -> None:
    """Make the data folder if there is none and migrate the store."""
    settings.data_dir.resolve().mkdir(parents=True, exist_ok=True, mode=0o700)

    async def run() -> None:
        db = Database(settings.store_url)
        try:
            await migrate(db)
        finally:
            await db.close()

    asyncio.run(run())


def prepare_environment(settings: Settings) -> None:
    """Serve's high-throughput mode, on free ports; must come before Ray is imported."""
    chosen = {
        "RAY_SERVE_ENABLE_HA_PROXY": "1",
        "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
        "RAY_SERVE_HAPROXY_METRICS_ENABLED": "0",
        "RAY_SERVE_HAPROXY_NBTHREAD": "1",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_DEDUP_LOGS": "0",
        # Ray starts workers at nice 15, for batch work; what serves people must not wait
        "RAY_worker_niceness": "0",
        # one worker per logical CPU would be started in advance, before any is needed
        "RAY_prestart_worker_first_driver": "0",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "VLLM_NO_USAGE_STATS": "1",
        # workers and `oo deploy` speak to the node with a token of its own
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(settings.data_dir.resolve() / "ray.token"),
        # workers must find the same data as this process, wherever they run
        "OO_DATA_DIR": str(settings.data_dir.resolve()),
    }
    _make_token(Path(chosen["RAY_AUTH_TOKEN_PATH"]))
    low = _free_range(400)
    chosen["RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT"] = str(low)
    chosen["RAY_SERVE_DIRECT_INGRESS_MAX_HTTP_PORT"] = str(low + 199)
    chosen["RAY_SERVE_DIRECT_INGRESS_MIN_GRPC_PORT"] = str(low + 200)
    chosen["RAY_SERVE_DIRECT_INGRESS_MAX_GRPC_PORT"] = str(low + 399)
    chosen.update({name: str(port) for name, port in zip(PORT_NAMES, _free_ports(), strict=True)})
    for name, value in chosen.items():
        os.environ.setdefault(name, value)
    # compiled modules are worth keeping: without them each worker compiles vLLM anew
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def start_node(settings: Settings, config: Path) -> None:
    """Start a Ray node in this process' care and deploy `config` to it."""
    import ray
    from ray import serve

    ray.init(
        address="local",
        num_cpus=LOGICAL_CPUS,
        include_dashboard=False,
        object_store_memory=OBJECT_STORE_BYTES,
        log_to_driver=False,
        logging_level="ERROR",
        configure_logging=False,
        namespace="oo",
        _node_ip_address="127.0.0.1" if settings.is_loopback else None,
    )
    options = {"host": settings.host, "port": settings.port}
    (settings.data_dir.resolve() / ADDRESS_FILE).write_text(ray.get_runtime_context().gcs_address)
    serve.start(proxy_location="EveryNode", http_options=options)
    # what people see first: the engine's start would slow the page's down
    deploy(config, options, pages_only=True)


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
    from ray.serve.context import _get_global_client
    from ray.serve.schema import ServeDeploySchema

    try:
        content = yaml.safe_load(config.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{config} cannot be read: {error}") from error
    if http_options:
        content["http_options"] = {**content.get("http_options", {}), **http_options}
    if pages_only:
        content["applications"] = [a for a in content["applications"] if a.get("route_prefix")]
    _get_global_client().deploy_apps(ServeDeploySchema.model_validate(content))


def stop_node() -> None:
    """End everything that start_node started, within seconds.

    What was acknowledged is committed, so replicas need no time to finish.
    """
    import ray
    from ray.serve.context import _get_global_client

    started = psutil.Process().children(recursive=True)
    with contextlib.suppress(Exception):
        _get_global_client().shutdown(timeout_s=STOP_WITHIN_S)
    ray.shutdown()
    # an actor that was killed leaves its own children (HAProxy, engine cores) behind
    _, alive = psutil.wait_procs(started, timeout=3)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def health(settings: Settings) -> dict[str, Any] | None:
    """What `/health/ready` says; None while nothing answers."""
    address = f"http://{settings.host}:{settings.port}/health/ready"
    try:
        with urllib.request.urlopen(address, timeout=1) as answer:
            body: dict[str, Any] = json.load(answer)
            return body
    except (OSError, ValueError):
        return None


def deployment_errors() -> list[str]:
    """The messages of applications that could not be deployed."""
    from ray import serve

    return [
        f"{name}: {application.message.strip().splitlines()[-1]}"
        for name, application in serve.status().applications.items()
        if application.status in {"DEPLOY_FAILED", "UNHEALTHY"} and application.message
    ]


def wait_until(condition: Any, timeout_s: float, every_s: float = 0.2) -> bool:
    """Whether `condition()` came true within `timeout_s` seconds."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(every_s)
    return False


def _make_token(path: Path) -> None:
    if not path.exists():
        with open(path, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(secrets.token_hex(32))


def _free_ports() -> list[int]:
    sockets = [socket.socket() for _ in PORT_NAMES]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _free_range(size: int) -> int:
    """The start of a range below the ephemeral ports in which the ends and the middle are free."""
    for low in range(10_000, 30_000, size):
        if all(_is_free(port) for port in (low, low + 1, low + size // 2, low + size // 2 + 1)):
            return low
    raise ConfigurationError("There is no free range of ports below 30000.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
