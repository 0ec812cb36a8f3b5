"""`python -m scripts.trace_picture`: the trace of a tip of the running product, for `docs/img`.

Starts `oo serve` with its engine, asks for a tip of somebody for whom none was written yet, and has
`oo trace` draw what that was made of. With `--in-process`, which takes seconds, there is no node
and no engine: three tips are asked for at once of the application alone.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2
import yaml

from oo.cli.traces import Traces
from oo.cli.views.waterfall import waterfall
from oo.kit import trace_export
from oo.kit.setting_groups import Tracing
from oo.kit.trace_files import read_spans
from tests.conftest import configuration, serving
from tests.peers.serving import free_port
from tests.serve.client import LIST, eventually
from tests.unit.web.conftest import open_site

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "img" / "trace.svg"
WARM_WITHIN_S = 240
DEADLINE_S = 60.0  # a busy machine has the time that it needs
KEPT_AFTER_S = 4.0  # what is done behind the answers is over, and kept


def main() -> None:
    """Serve, ask, react, draw; prints the trees of both requests."""
    if "--in-process" in sys.argv[1:]:
        asyncio.run(_in_process())
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "serve_config.yaml"
        config.write_text(yaml.safe_dump(_patient()))
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("OO_")},
            "PYTHONPATH": str(ROOT),  # this tree, wherever the environment was installed for
            "OO_PORT": str(free_port()),
            "OO_DATA_DIR": str(folder / "data"),
            "OO_TRACING__FILE": "true",
        }
        with serving(config, environment, folder / "log"):
            address = f"http://localhost:{environment['OO_PORT']}"
            if not eventually(lambda: _is_warm(address), WARM_WITHIN_S, 1.0):
                raise SystemExit("the engine did not become warm")
            for person in ("ada", "eve"):  # the first one pays for what is loaded late
                _live(person, address, environment)
            time.sleep(KEPT_AFTER_S)
        for asked in (["--picture", str(PICTURE)], [], ["--name", "POST /feedback"]):
            print(_oo(environment, "trace", *asked))


async def _in_process() -> None:
    same = {"Sec-Fetch-Site": "same-origin"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with open_site(folder) as site:
            browser = await site.signed_in(**same)
            kind = {"Content-Type": "text/csv"}
            await browser.post("/api/sources/file/import", content=LIST, headers=kind)
            await browser.post("/recommend")  # candidates are made
            trace_export.start(Tracing(file=True), folder, "ingress")
            for _ in range(3):  # the first ones pay for what is loaded late
                await asyncio.gather(*(browser.post("/recommend") for _ in range(3)))
            await asyncio.sleep(2 * trace_export.FILE_EVERY_MS / 1000)
            PICTURE.write_text(waterfall(Traces(read_spans(folder)).last()))


def _patient() -> dict[str, object]:
    config = configuration(args={"ingress": {"replicas": 1}, "shards": {"replicas": 1}})
    [oo] = [it for it in config["applications"] if it["name"] == "oo"]
    ingress = next(it for it in oo["deployments"] if it["name"] == "Ingress")
    ingress["user_config"] = {"deadline_s": DEADLINE_S}
    return config


def _is_warm(address: str) -> bool:
    return bool(httpx2.get(f"{address}/health/parts").json()["engine"] == "ready")


def _live(person: str, address: str, environment: dict[str, str]) -> None:
    """A list is handed in, a tip asked for before any was written, and reacted to."""
    cookie = _oo(environment, "user", "session", f"{person}@trace.test")
    with httpx2.Client(base_url=address, cookies={"sid": cookie}, timeout=DEADLINE_S) as http:
        kind = {"Content-Type": "text/csv"}
        http.post("/api/sources/file/import", content=LIST.encode(), headers=kind)
        tip = http.post("/recommend").raise_for_status().json()["tip"]
        print(f"{tip['content']}  ({tip['model']}, {tip['policy']})")
        reaction = {"tip_id": tip["id"], "action": "snooze", "dwell_ms": 9000}
        key = {"Idempotency-Key": tip["id"]}
        http.post("/feedback", json=reaction, headers=key).raise_for_status()


def _oo(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "oo.cli.main", *arguments]
    done = subprocess.run(  # noqa: S603 - our own command
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.rstrip()


if __name__ == "__main__":
    main()
