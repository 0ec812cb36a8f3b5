"""The product, started as its operator does, with real peers around it."""

import gc
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import stamina
import yaml

from tests.peers import oidc, todoist
from tests.peers.postgres import BIN, postgres
from tests.peers.serving import free_port, interrupted, served
from tests.peers.todoist import TodoistPeer
from tests.peers.vault import sealed_by_default

# how long an example takes says something of the machine and its other work, not of the code
hypothesis.settings.register_profile(
    "oo", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("oo")
sealed_by_default()

ROOT = Path(__file__).parent.parent
START_S = 240
STOP_S = 60


@pytest.fixture(scope="session", autouse=True)
def _retries_do_not_wait() -> None:
    """What this process tries again, it tries again at once."""
    stamina.set_testing(True, attempts=3, cap=True)


def pytest_collection_finish() -> None:
    """What is imported by now stays; looking through it again took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """One server for all tests that do with a database of their own."""
    if BIN is None:
        pytest.skip("needs Debian's postgresql")
    with postgres() as url:
        yield url


@dataclass(frozen=True)
class Product:
    """A running oO and what is behind it."""

    base_url: str
    todoist: TodoistPeer
    environment: dict[str, str]
    config: Path
    pid: int

    def cli(self, *arguments: str) -> str:
        """What `oo ARGUMENTS` prints beside the running product."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """`oo ARGUMENTS` beside the running product, however it ends."""
        command = [sys.executable, "-m", "oo.cli.main", *arguments]
        return subprocess.run(
            command, env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=300
        )

    def deploy(self, policy: str | None = None, args: Mapping[str, Any] | None = None) -> None:
        """Deploy again, with a policy pinned or other arguments."""
        changed = self.config.with_name("changed.yaml")
        changed.write_text(yaml.safe_dump(configuration(policy, args)))
        self.cli("deploy", str(changed))


def configuration(
    policy: str | None = None, args: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The shipped configuration with two replicas of what a kill must not stop."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "serve_config.yaml").read_text())
    oo = next(application for application in config["applications"] if application["name"] == "oo")
    oo["args"] = {"ingress": {"replicas": 2}, "shards": {"replicas": 2}, **(args or {})}
    shard = next(one for one in oo["deployments"] if one["name"] == "BanditShard")
    shard["user_config"] = {} if policy is None else {"policy": policy}
    return config


@dataclass(frozen=True)
class Launched:
    """A product that may still be starting."""

    product: Product
    process: subprocess.Popen[bytes]
    log: Path


@pytest.fixture(scope="session", autouse=True)
def _started_ahead(request: pytest.FixtureRequest) -> None:
    """The product starts while tests run that come before the first one that needs it."""
    items = request.session.items
    if oidc.INSTALLED and any("product" in getattr(it, "fixturenames", ()) for it in items):
        request.getfixturevalue("launched")


@pytest.fixture(scope="session")
def product(launched: Launched) -> Product:
    """`oo serve`, with a stand-in Todoist and a real OpenID provider."""
    wait_until_ready(launched.product.base_url, launched.process, launched.log)
    return launched.product


@pytest.fixture(scope="session")
def launched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    """The same, as soon as it has been told to start."""
    if not oidc.INSTALLED:
        pytest.skip("needs `npm ci`")
    folder = tmp_path_factory.mktemp("oo")
    port, peer = free_port(), TodoistPeer()
    base_url = f"http://localhost:{port}"
    with (
        served(peer.app()) as todoist_url,
        oidc.openid_provider(f"{base_url}/auth/real/callback") as issuer,
    ):
        config = folder / "serve_config.yaml"
        config.write_text(yaml.safe_dump(configuration()))
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("OO_")},
            "OO_PORT": str(port),
            "OO_DATA_DIR": str(folder / "data"),
            "OO_TRACING__FILE": "true",
            "OO_OUTGOING__OWN_NETWORKS": '["127.0.0.0/8", "::1/128"]',
            "OO_OIDC__REAL__TITLE": "Real",
            "OO_OIDC__REAL__ISSUER": issuer,
            "OO_OIDC__REAL__CLIENT_ID": oidc.CLIENT_ID,
            "OO_OIDC__REAL__CLIENT_SECRET": oidc.CLIENT_SECRET,
            "OO_TODOIST__CLIENT_ID": todoist.CLIENT_ID,
            "OO_TODOIST__CLIENT_SECRET": todoist.CLIENT_SECRET,
            "OO_TODOIST__AUTHORIZE_URL": f"{todoist_url}/oauth/authorize",
            "OO_TODOIST__TOKEN_URL": f"{todoist_url}/oauth/access_token",
            "OO_TODOIST__API_URL": f"{todoist_url}/api/v1",
        }
        log = folder / "serve.log"
        with launching(config, environment, log) as process:
            yield Launched(Product(base_url, peer, environment, config, process.pid), process, log)


@contextmanager
def serving(
    config: Path, environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of `oo serve` that can serve tips, until the block ends."""
    with launching(config, environment, log) as process:
        wait_until_ready(f"http://127.0.0.1:{environment['OO_PORT']}", process, log)
        yield process


@contextmanager
def launching(
    config: Path, environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of `oo serve` that has just begun, until the block ends."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "oo.cli.main", "serve", "--config", str(config)],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    with interrupted(process, STOP_S):
        yield process


def wait_until_ready(base_url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when tips can be served; raises RuntimeError with what was said if that never is."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{base_url}/health/ready", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise RuntimeError(f"oO did not start:\n{log.read_text(errors='replace')[-4000:]}")
