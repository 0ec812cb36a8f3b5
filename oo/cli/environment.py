"""What Ray and Serve are told by environment variables, before they are imported."""

import os
import secrets
import socket
from pathlib import Path

from oo.cli.run_folder import PROXY_SOCKET, RAY, run_folder
from oo.kit.errors import ConfigurationError
from oo.kit.settings import LOOPBACK, Settings

HEADER_BUFFER = 64 * 1024
HAPROXY = "haproxy"
PORT_NAMES = (
    "RAY_SERVE_HAPROXY_STATS_PORT",
    "RAY_SERVE_HAPROXY_METRICS_PORT",
    "RAY_SERVE_FALLBACK_PROXY_HTTP_PORT",
    "RAY_SERVE_FALLBACK_PROXY_GRPC_PORT",
)


def prepare_environment(settings: Settings) -> None:
    """Serve's high-throughput mode, on free ports; must come before Ray is imported."""
    run = run_folder(settings.data_dir)
    chosen = {
        "RAY_SERVE_ENABLE_HA_PROXY": "1",
        "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
        "RAY_SERVE_HAPROXY_METRICS_ENABLED": "0",
        "RAY_SERVE_HAPROXY_NBTHREAD": "1",
        # what is larger gets a bare page of HAProxy; oO refuses less, and says what to do
        "RAY_SERVE_HAPROXY_TUNE_BUFSIZE": str(HEADER_BUFFER),
        "RAY_SERVE_HAPROXY_BINARY_PATH": str(settings.data_dir.resolve() / HAPROXY),
        "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": str(run / "haproxy.cfg"),
        "RAY_SERVE_HAPROXY_SOCKET_PATH": str(run / PROXY_SOCKET),
        "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH": str(run / "m"),
        "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(run),
        "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": str(run / "server-state"),
        # a proxy that fails three looks in a row is replaced: 30 s of nothing with Serve's own 10 s
        "RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S": "0.5",
        # looks at what is as it should be, ten times a second: a fifth of an idle oO's CPU
        "RAY_SERVE_CONTROL_LOOP_INTERVAL_S": "0.3",
        "RAY_SERVE_METRICS_EXPORT_INTERVAL_MS": "1000",
        # who a replica believes of who asks: the proxy on this machine, and what that believes
        "FORWARDED_ALLOW_IPS": ",".join([*LOOPBACK, *map(str, settings.trusted_proxies)]),
        "RAY_TMPDIR": str(run / RAY),
        "VLLM_RPC_BASE_PATH": str(run),
        # what lets Ray take 127.0.0.1 for its own address: all its parts then listen there alone
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
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
        "OO_RUN_DIR": str(run),
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
