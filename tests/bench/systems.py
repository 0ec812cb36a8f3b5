"""The systems under test, each a process of its own with its own store."""

import contextlib
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import yaml

from tests.peers.postgres import BIN, postgres
from tests.peers.serving import free_port, interrupted

ROOT = Path(__file__).parents[2]
START_WITHIN_S = 90
SETTLED = 0.3  # processors that a system may use while nobody asks it for anything
SETTLE_WITHIN_S = 60
OO = re.compile(r"oo(-pg)?(-(?P<ingresses>[1-9]\d*)x(?P<shards>[1-9]\d*))?")
BASELINES = ("naive", "tuned")
FRAMEWORKS = {
    "bentoml": ["-m", "bentoml", "serve", "tests.bench.on_bentoml:Tips", "--host", "127.0.0.1"],
    "litserve": ["-m", "tests.bench.on_litserve"],
}
AMPLE = {
    "OO_LIMITS__REQUESTS_PER_SECOND": "100000",
    "OO_LIMITS__SESSION_TIPS_PER_SECOND": "100000",
}
THEIR_PYTHON = ROOT / ".venv-bench" / "bin" / "python"


class CannotRunError(Exception):
    """A system that there is not, or that is not installed; says what to do."""


def check(name: str) -> None:
    """Raise :class:`CannotRunError` unless there is such a system, ready to be started."""
    if not (OO.fullmatch(name) or name in BASELINES or name in FRAMEWORKS):
        known = ", ".join((*BASELINES, *FRAMEWORKS, "oo", "oo-2x4", "oo-pg", "oo-pg-2x4"))
        raise CannotRunError(f"there is no system {name!r}; there are {known}")
    if name in FRAMEWORKS and not THEIR_PYTHON.exists():
        raise CannotRunError(f"{name} has an environment of its own: run scripts/setup_bench.sh")
    if name.startswith("oo-pg") and BIN is None:
        raise CannotRunError(f"{name} needs PostgreSQL: `apt-get install postgresql`")


@contextmanager
def store(name: str, data_dir: Path) -> Iterator[str]:
    """The SQLAlchemy address of system `name`'s empty store, which survives power cuts."""
    if name.startswith("oo-pg"):
        with postgres(durable=True) as address:
            yield address
    else:
        yield f"sqlite+aiosqlite:///{data_dir / 'oo.db'}"


@contextmanager
def running(
    name: str,
    data_dir: Path,
    *,
    settled: bool = True,
    address: str = "",
    limited: bool = False,
) -> Iterator[tuple[int, psutil.Process]]:
    """Start system `name` on the store at `address`, or else that in `data_dir`.

    Gives its port and root process. Where it need not have `settled`, it has only answered once,
    and is cold. A few people ask for very many in most benches, so that a session may, unless it
    is `limited` as shipped.
    """
    port = free_port()
    environment = _environment(data_dir, port) | ({} if limited else AMPLE)
    if name.startswith("oo"):
        environment["OO_DATABASE_URL"] = address
    command = _command(name, data_dir, port)
    with (data_dir / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
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


def _command(name: str, data_dir: Path, port: int) -> list[str]:
    if name == "bentoml":
        return [str(THEIR_PYTHON), *FRAMEWORKS[name], "--port", str(port)]
    if name in FRAMEWORKS:
        return [str(THEIR_PYTHON), *FRAMEWORKS[name]]
    if name in BASELINES:
        return [sys.executable, "-m", f"tests.bench.{name}"]
    config = str(_configured(name, data_dir))
    return [sys.executable, "-m", "oo.cli.main", "serve", "--config", config]


def _environment(data_dir: Path, port: int) -> dict[str, str]:
    environment = {**os.environ, "OO_PORT": str(port), "OO_DATA_DIR": str(data_dir)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    # their workers start elsewhere; what they would measure and tell of themselves costs time
    environment |= {"PYTHONPATH": str(ROOT), "BENTOML_HOME": str(data_dir / "bentoml")}
    return environment | {"BENTOML_DO_NOT_TRACK": "true", "OTEL_SDK_DISABLED": "true"}


def _configured(name: str, data_dir: Path) -> Path:
    config = data_dir / f"{name}.yaml"
    config.write_text(yaml.safe_dump(_without_engine(*replicas(name))))
    return config


def cpu_seconds(process: psutil.Process) -> float:
    """CPU time of a process and all below it, also of children that have ended."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return total


def replicas(name: str) -> tuple[int, int]:
    """How many ingresses and shards: ``oo`` has one of each, ``oo-2x4`` two and four."""
    asked = OO.fullmatch(name)
    assert asked is not None
    return int(asked["ingresses"] or 1), int(asked["shards"] or 1)


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
