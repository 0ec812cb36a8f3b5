"""kill -9 of `oo simulate`: what was finished stays, the rest goes on, the result is the same."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(1800)

ROOT = Path(__file__).parents[2]
POLICIES = ["random", "egreedy-v1", "linucb-v1"]
JOB = ["--personas", "20", "--days", "30", "--policies", ",".join(POLICIES)]
UNDER_WAY_S = 600


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "oo.cli.main", "simulate", *arguments]


def result(folder: Path, *arguments: str) -> dict[str, Any]:
    """What a simulation prints as JSON."""
    environment = {**os.environ, "OO_DATA_DIR": str(folder)}
    done = subprocess.run(
        command(*arguments, "--json"),
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def checkpoints(trials: Path) -> dict[str, str]:
    """The latest checkpoint of each trial that has one."""
    found = sorted(trials.glob("*/checkpoint_*/simulation.pkl"))
    return {path.parts[-3]: path.parts[-2] for path in found}


def kill_in_the_second_trial(folder: Path) -> dict[str, str]:
    """Start the job, one trial at a time; kill it once the second has a checkpoint."""
    trials = folder / "simulations" / "killed" / "trials"
    process = subprocess.Popen(
        command(*JOB, "--name", "killed", "--cpus", "1"),
        env={**os.environ, "OO_DATA_DIR": str(folder)},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + UNDER_WAY_S
    while len(checkpoints(trials)) < 2 and time.monotonic() < deadline:
        assert process.poll() is None, "it ended before it was killed"
        time.sleep(0.02)
    process.kill()
    process.wait(60)
    return checkpoints(trials)


def test_a_killed_simulation_goes_on_where_it_was(tmp_path: Path) -> None:
    trials = tmp_path / "simulations" / "killed" / "trials"
    before = kill_in_the_second_trial(tmp_path)
    assert 2 <= len(before) <= len(POLICIES)  # killed late on a busy machine
    first = sorted(before)[0]
    finished = trials / first / before[first] / "simulation.pkl"
    written = finished.stat().st_mtime_ns

    resumed = result(tmp_path, "--resume", "killed")

    assert finished.stat().st_mtime_ns == written  # the finished trial was not run again
    assert set(checkpoints(trials)) >= set(before)
    assert len(checkpoints(trials)) == len(POLICIES)
    straight = result(tmp_path, *JOB, "--name", "straight", "--here")
    assert resumed["entries"] == straight["entries"]

    with sqlite3.connect(tmp_path / "oo.db") as store:
        runs = store.execute("SELECT name, status FROM sim_runs").fetchall()
        days = store.execute("SELECT count(*) FROM sim_events").fetchone()[0]
    assert sorted(runs) == [("killed", "finished"), ("straight", "finished")]
    assert days == 2 * len(POLICIES) * 20 * 30
    with sqlite3.connect(tmp_path / "mlflow" / "mlflow.db") as mlflow:
        tracked = mlflow.execute("SELECT name FROM runs WHERE lifecycle_stage = 'active'")
        names = sorted(name for (name,) in tracked)
    assert names == sorted(["killed", "straight", *POLICIES, *POLICIES])
    assert list((tmp_path / "mlflow" / "artifacts").glob("*/artifacts/reward-curve.png"))


def test_a_sweep_searches_policies_and_their_parameters(tmp_path: Path) -> None:
    job = ["--personas", "10", "--days", "6", "--policies", "egreedy-v1,linucb-v1"]
    found = result(tmp_path, *job, "--sweep", "--trials", "5", "--name", "sweep")
    entries = found["entries"]
    assert len(entries) == 5
    assert {entry["policy"] for entry in entries} <= {"egreedy-v1", "linucb-v1"}
    assert all(entry["params"] for entry in entries)
    assert entries[0]["days"] == 6
    assert all(entry["days"] in {2, 6} for entry in entries)  # stopped at a rung, or not at all
    assert (tmp_path / "simulations" / "sweep" / "sweep.png").exists()
