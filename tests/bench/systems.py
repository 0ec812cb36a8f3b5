"""The systems under test, each a process of its own with its own store."""

import contextlib
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import yaml

from tests.peers.serving import free_port, interrupted

ROOT = Path(__file__).parents[2]
START_WITHIN_S = 90
SETTLED = 0.3  # processors that a system may use while nobody asks it for anything
SETTLE_WITHIN_S = 60


@contextmanager
def running(
    name: str, data_dir: Path, *, settled: bool = True
) -> Iterator[tuple[int, psutil.Process]]:
    """Start system `name` on the store in `data_dir`; gives its port and root process.

    Where it need not have `settled`, it has only answered once, and is cold.
    """
    port = free_port()
    environment = _environment(data_dir, port)
    if name.startswith("oo"):
        command = ["-m", "oo.cli.main", "serve", "--config", str(_configured(name, data_dir))]
    else:
        command = ["-m", f"tests.bench.{name}"]
    with (data_dir / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    with interrupted(process, 30):
        _wait(process, port, data_dir / "log")
        root = psutil.Process(process.pid)
        if settled:
            settle(root)
        yield port, root


def deploy(name: str, data_dir: Path, port: int) -> None:
    """Have the oO that runs on the store in `data_dir` become system `name`, by `oo deploy`."""
    subprocess.run(
        [sys.executable, "-m", "oo.cli.main", "deploy", str(_configured(name, data_dir))],
        cwd=ROOT,
        env=_environment(data_dir, port),
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _environment(data_dir: Path, port: int) -> dict[str, str]:
    environment = {**os.environ, "OO_PORT": str(port), "OO_DATA_DIR": str(data_dir)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def _configured(name: str, data_dir: Path) -> Path:
    config = data_dir / f"{name}.yaml"
    config.write_text(yaml.safe_dump(_without_engine(*_replicas(name))))
    return config


def cpu_seconds(process: psutil.Process) -> float:
    """CPU time of a process and all below it, also of children that have ended."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return total


def _replicas(name: str) -> tuple[int, int]:
    """How many ingresses and shards: ``oo`` has one of each, ``oo-2x4`` two and four."""
    ingresses, _, shards = name.removeprefix("oo").removeprefix("-").partition("x")
    return int(ingresses or 1), int(shards or 1)


def _without_engine(ingresses: int, shards: int) -> dict[str, object]:
    """The engine idles while candidates come from the pool; it only would take memory."""
    config: dict[str, object] = yaml.safe_load((ROOT / "serve_config.yaml").read_text())
    config["applications"] = [a for a in config["applications"] if a["name"] == "oo"]  # type: ignore[attr-defined,index]
    config["applications"][0]["args"] = {  # type: ignore[index]
        "ingress": {"replicas": ingresses},
        "shards": {"replicas": shards},
    }
    return config


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + START_WITHIN_S
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=1).close()
            return
        time.sleep(0.2)
    raise RuntimeError(f"the system did not start:\n{log.read_text()[-2000:]}")


def settle(root: psutil.Process) -> None:
    """Wait until what starts behind the first answer, such as the tip generator, has started."""
    end = time.monotonic() + SETTLE_WITHIN_S
    while time.monotonic() < end:
        before, started = cpu_seconds(root), time.monotonic()
        time.sleep(3)
        if cpu_seconds(root) - before < SETTLED * (time.monotonic() - started):
            return
