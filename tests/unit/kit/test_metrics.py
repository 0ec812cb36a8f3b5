"""Counting in several processes: what each counts is summed up."""

import os
import subprocess
import sys
from pathlib import Path

from oo.kit.metrics import FOLDER, NAME

COUNT = """
from pathlib import Path
from oo.kit import metrics
metrics.share_through(Path({folder!r}))
metrics.TIPS.inc("pool")
metrics.REFRESHED.observe(3.0)
metrics.MODEL_CALLS.show()
print(metrics.rendered([]).decode())
"""
PARTS = ("ingress", "bandit", "assembler", "generator", "jobs")


def run(code: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != FOLDER}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_several_processes_count_is_one_figure(tmp_path: Path) -> None:
    for _ in range(2):
        said = run(COUNT.format(folder=str(tmp_path))).splitlines()
    assert 'oo_tips_total{candidates="pool"} 2.0' in said
    assert "oo_request_model_calls_total 0.0" in said
    assert 'oo_pool_refresh_seconds_bucket{le="5.0"} 2.0' in said
    assert list((tmp_path / NAME).iterdir())


def test_no_part_decides_where_it_counts_before_it_starts() -> None:
    code = "import sys"
    for part in PARTS:
        code += f"\nimport deployments.{part}; print('{part}', 'prometheus_client' in sys.modules)"
    assert run(code).splitlines()[-len(PARTS) :] == [f"{part} False" for part in PARTS]


TALLIED = """
from pathlib import Path
from oo.kit import metrics
metrics.share_through(Path({folder!r}))
both = [kind(name, "x", (0.1, 1.0), "of") for kind, name in
        ((metrics.Timed, "timed"), (metrics.Tallied, "tallied"))]
for seconds in (0.05, 0.1, 0.5, 0.5, 7.0):
    for one in both:
        one.observe(seconds, "a")
both[1].tell()
both[1].tell()
for one in both:
    one.observe(1.0, "b")
both[1].tell()
print(metrics.rendered([]).decode())
"""


def test_what_is_tallied_is_told_as_what_is_counted_at_once(tmp_path: Path) -> None:
    said = run(TALLIED.format(folder=str(tmp_path))).splitlines()
    tallied = [line.removeprefix("tallied") for line in said if line.startswith("tallied_")]
    timed = [line.removeprefix("timed") for line in said if line.startswith("timed_")]
    assert sorted(tallied) == sorted(timed)
    assert '_bucket{le="0.1",of="a"} 2.0' in tallied
    assert '_count{of="a"} 5.0' in tallied


HELD = """
from pathlib import Path
from oo.kit import metrics
metrics.share_through(Path({folder!r}))
{code}
print(metrics.rendered([]).decode())
"""


def test_who_has_ended_holds_nothing_but_a_promise_of_theirs_stays(tmp_path: Path) -> None:
    first = 'metrics.SHARD_PEOPLE.set(7); metrics.FOLD_PEOPLE.set(7); metrics.JOB_DUE.set(7, "a")'
    said = run(HELD.format(folder=str(tmp_path), code=first)).splitlines()
    assert {"oo_shard_people 7.0", "oo_fold_lag_people 7.0"} <= {*said}
    said = run(HELD.format(folder=str(tmp_path), code="metrics.SHARD_PEOPLE.set(4)")).splitlines()
    assert "oo_shard_people 4.0" in said
    assert 'oo_job_due_timestamp_seconds{job_name="a"} 7.0' in said
    assert not any(line.startswith("oo_fold_lag_people ") for line in said)


CALLS = """
from pathlib import Path
from datetime import UTC, datetime
from oo.kit.metrics import rendered, share_through
share_through(Path({folder!r}))
from deployments import metrics
from ml.generation.settings import Alias
from ml.generation.states import AliasState
from oo.domain.model_calls import ModelCall, Outcome, Place
metrics.count([ModelCall("tip-generator", "m", Place.LOCAL, "v1", "tips", Outcome.{outcome},
                         prompt_tokens=100, completion_tokens=40, latency_s=0.3, accepted=6)])
alias = Alias(model="oo-engine/embedded")
metrics.show([AliasState("tip-generator", alias, None, {rests}, False),
              AliasState("cloud", alias, "no key", None, False)])
print(rendered([]).decode())
"""


def test_calls_and_states_of_models_are_seen_by_whoever_is_asked(tmp_path: Path) -> None:
    folder = str(tmp_path)
    run(CALLS.format(folder=folder, outcome="LATE", rests="datetime.now(UTC)"))
    said = run(CALLS.format(folder=folder, outcome="ANSWERED", rests=None)).splitlines()
    of = 'alias="tip-generator",model="m"'
    assert f'oo_model_calls_total{{{of},outcome="late"}} 1.0' in said
    assert f'oo_model_calls_total{{{of},outcome="answered"}} 1.0' in said
    counted = 'oo_model_tokens_total{alias="tip-generator",direction="completion",model="m"} 80.0'
    assert counted in said
    assert 'oo_model_asked{alias="tip-generator"} 1.0' in said
    assert 'oo_model_asked{alias="cloud"} 0.0' in said
