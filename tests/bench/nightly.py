"""A nightly batch of many people, killed and gone on with; then tips with no model asked for them.

``python -m tests.bench.nightly --people 1000``
"""

import asyncio
import hashlib
import json
import math
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

import psutil
import typer
import yaml
from rich.console import Console
from sqlalchemy import insert

from oo.domain.tasks import Task
from oo.jobs.nightly import plan
from oo.kit.clock import SystemClock
from oo.kit.ids import new_id
from oo.kit.settings import Settings
from oo.store import kept_profiles, tables
from oo.store import tasks as task_store
from oo.store.database import Database
from oo.store.kept_profiles import Profile
from oo.store.migrate import migrate
from oo.vault.service import Vault
from tests.peers.serving import free_port, interrupted

ROOT = Path(__file__).parents[2]
TITLES = ROOT / "ml" / "activities" / "held_out.yaml"
LUA = Path(__file__).with_name("load.lua")
TASKS = 8
MORNING = 7  # the hour at which everybody lives: their part of the day lasts for some hours
WARM_WITHIN_S = 400
BATCH_WITHIN_S = 3600
ENGINE_WITHIN_S = 20
KILL_AT = 0.5

out = Console(highlight=False)


class Counts(NamedTuple):
    """How far the newest batch is."""

    people: int
    done: int
    is_finished: bool


def main(
    people: Annotated[int, typer.Option(min=4)] = 1000,
    seconds: Annotated[int, typer.Option(help="Of /recommend; 0: none.")] = 60,
    connections: int = 16,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write JSON here.")] = None,
) -> None:
    """Make people, run the batch, kill it in the middle, go on, and ask for tips."""
    with TemporaryDirectory(prefix="oo-nightly-") as folder:
        found = run(Path(folder), people, seconds, connections)
    out.print(found)
    if json_file:
        json_file.write_text(json.dumps(found, indent=2) + "\n")


def run(data: Path, people: int, seconds: int = 0, connections: int = 16) -> dict[str, Any]:
    """The whole of it in the folder `data`; what was seen."""
    cookies = asyncio.run(seed(data / "oo.db", people))
    first = _until_killed(data, people)
    out.print(f"killed: {len(first)} of {people} people were done")
    with serving(data) as (port, _):
        at, before = time.monotonic(), counts(data).done
        with batch(data) as command:
            command.wait(BATCH_WITHIN_S)
        took = time.monotonic() - at
        last = turns(data)
        found = {
            "people": people,
            "done_when_killed": len(first),
            "done_at_start": before,
            "done": counts(data).done,
            "is_finished": counts(data).is_finished,
            "turns_of_before_that_moved": sum(last[who] != when for who, when in first.items()),
            "people_written_for_twice": made_twice(data),
            "people_per_second": round((people - before) / took, 2),
        }
        if seconds:
            found |= load(data, port, cookies, seconds, connections)
    return found


def _until_killed(data: Path, people: int) -> dict[str, str]:
    """Run the batch, kill -9 oO and the command in the middle; when each person had their turn."""
    with serving(data) as (_, root):
        with batch(data) as command:
            _wait(lambda: counts(data).done >= people * KILL_AT, command, BATCH_WITHIN_S)
            started = [root, *root.children(recursive=True)]
            os.kill(root.pid, signal.SIGKILL)
        psutil.wait_procs(started, timeout=30)
    return turns(data)


async def seed(path: Path, people: int) -> list[str]:
    """People in five languages in a new store, all at their usual hour, and a batch of them."""
    clock = SystemClock()
    vault = Vault.of(Settings(data_dir=path.parent), clock)  # that of who is measured
    db = Database(f"sqlite+aiosqlite:///{path}", vault)
    await migrate(db)
    now = clock.now()
    zone = f"Etc/GMT{(now.hour - MORNING + 11) % 24 - 11:+d}"  # by POSIX, west is positive
    hour = now.astimezone(ZoneInfo(zone)).hour / 24 * 2 * math.pi
    profile = {"preferred_hour_sin": math.sin(hour), "preferred_hour_cos": math.cos(hour)}
    by_language: dict[str, list[str]] = {}
    for line in yaml.safe_load(TITLES.read_text("utf-8")):
        by_language.setdefault(line["lang"], []).append(line["title"])
    cookies = []
    async with db.write() as connection:
        for number in range(people):
            user_id, cookie = new_id(clock), secrets.token_urlsafe(32)
            cookies.append(cookie)
            titles = by_language[sorted(by_language)[number % len(by_language)]]
            person = {
                "id": user_id,
                "provider": "bench",
                "subject": str(number),
                "email": f"{number}@bench.test",
                "name": str(number),
                "timezone": zone,
                "created_at": now,
            }
            session = {
                "token_hash": hashlib.sha256(cookie.encode()).hexdigest(),
                "user_id": user_id,
                "created_at": now,
                "expires_at": now + timedelta(days=1),
                "authenticated_at": now,
                "seen_at": now,
            }
            await connection.execute(insert(tables.users).values(person))
            await connection.execute(insert(tables.sessions).values(session))
            await task_store.put(connection, user_id, tasks_of(titles, number, now))
            await kept_profiles.save(connection, Profile(user_id, 0, profile, now), 0)
    # before oO starts, which would fill pools by itself
    assert await plan(db, clock, active_days=1) is not None
    await db.close()
    return cookies


def tasks_of(titles: list[str], number: int, now: datetime) -> list[Task]:
    """The list of the person with that number."""
    start = number * TASKS // 5
    chosen = dict.fromkeys(titles[(start + step * 7) % len(titles)] for step in range(TASKS))
    return [
        Task(
            id=f"file:{place}",
            source="file",
            external_id=str(place),
            title=title,
            priority=1 + (number + place) % 4,
            due=None if place % 3 == 2 else (now + timedelta(days=(number + place) % 9 - 4)).date(),
            added_at=now - timedelta(days=place * 3),
        )
        for place, title in enumerate(chosen)
    ]


@contextmanager
def serving(data: Path) -> Iterator[tuple[int, psutil.Process]]:
    """`oo serve` on the store, with its engine warm; its port and its root process."""
    port = free_port()
    with (data / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "oo.cli.main", "serve", "--config", str(_patient(data))],
            cwd=ROOT,
            env=_environment(data) | {"OO_PORT": str(port)},
            stdout=log,
            stderr=log,
        )
    with interrupted(process, 60):
        _wait(lambda: _is_warm(port), process, WARM_WITHIN_S)
        yield port, psutil.Process(process.pid)


def _patient(data: Path) -> Path:
    """The shipped configuration with an engine that may take its time, as a busy machine's does."""
    config = yaml.safe_load((ROOT / "serve_config.yaml").read_text())
    models = yaml.safe_load((ROOT / "configs" / "models.yaml").read_text())
    models["aliases"]["tip-generator"]["timeout_s"] = ENGINE_WITHIN_S
    for one in config["applications"][0]["deployments"]:
        if one["name"] == "TipGenerator":
            one["user_config"] = {"models": models}
    path = data / "serve.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


@contextmanager
def batch(data: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`oo prefill --all`, with its progress where this process prints."""
    command = [sys.executable, "-m", "oo.cli.main", "prefill", "--all"]
    process = subprocess.Popen(command, cwd=ROOT, env=_environment(data))
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(30)


def _environment(data: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OO_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    night = str((datetime.now(UTC).hour + 12) % 24)  # none begins by itself while this runs
    return kept | {"OO_DATA_DIR": str(data), "OO_NIGHTLY__HOUR": night}


def _wait(
    condition: Callable[[], bool], process: "subprocess.Popen[bytes]", within_s: float
) -> None:
    end = time.monotonic() + within_s
    while time.monotonic() < end and process.poll() is None:
        if condition():
            return
        time.sleep(0.2)
    raise RuntimeError(f"it did not come about: {process.args!r} ended with {process.poll()}")


def _is_warm(port: int) -> bool:
    with suppress(OSError, ValueError):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=1) as answer:
            state = json.load(answer)
        return not state["warming"] and not state["down"]
    return False


def _rows(data: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{data / 'oo.db'}?mode=ro", uri=True, timeout=30)) as store:
        return store.execute(query).fetchall()


def counts(data: Path) -> Counts:
    """How far the newest batch is."""
    newest = "SELECT id FROM fill_batches ORDER BY started_at DESC LIMIT 1"
    query = (
        "SELECT count(*), count(done_at), (SELECT finished_at IS NOT NULL FROM fill_batches"
        f" WHERE id = ({newest})) FROM fill_batch_people WHERE batch_id = ({newest})"
    )
    ((people, done, finished),) = _rows(data, query)
    return Counts(people, done, bool(finished))


def turns(data: Path) -> dict[str, str]:
    """When each person had their turn."""
    query = "SELECT user_id, done_at FROM fill_batch_people WHERE done_at IS NOT NULL"
    return {row[0]: row[1] for row in _rows(data, query)}


def made_twice(data: Path) -> int:
    """For how many people a model wrote more than one set of candidates."""
    query = (
        "SELECT count(*) FROM (SELECT user_id FROM candidates WHERE source = 'llm'"
        " GROUP BY user_id HAVING count(*) > 6 OR count(DISTINCT pool_key) > 1)"
    )
    return int(_rows(data, query)[0][0])


def metrics(port: int) -> dict[str, float]:
    """What `/metrics` says, by series."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    lines = [line for line in text.splitlines() if line.startswith("oo_")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def load(
    data: Path, port: int, cookies: list[str], seconds: int, connections: int
) -> dict[str, Any]:
    """Ask for tips, and say from `/metrics` where they came from meanwhile."""
    lines = data / "recommend"
    lines.write_text("\n".join(cookies) + "\n")
    before = metrics(port)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s"]
    command += [str(LUA), f"http://127.0.0.1:{port}", "--", "recommend", str(lines), "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    after = metrics(port)
    asked = ("oo_tips_total", "oo_request_model_calls_total")
    return {
        "load": json.loads(line.removeprefix("RESULT ")),
        "counted": {
            name: after[name] - before.get(name, 0) for name in after if name.startswith(asked)
        },
        "oo_pool_good_ratio": after.get("oo_pool_good_ratio"),
        "models": {
            name: value
            for name, value in after.items()
            if name.startswith("oo_model_") and "_bucket" not in name and "_created" not in name
        },
    }


if __name__ == "__main__":
    typer.run(main)
