"""`oo simulate` in one process: what it prints, keeps and refuses."""

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from oo.cli.main import build
from oo.kit.errors import BadRequest, Conflict, NotFound

LABEL = "egreedy-v1 epsilon=0.3"
SMALL = ["--personas", "8", "--days", "3", "--decisions", "2", "--here"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def simulate(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(build(), ["simulate", *arguments], env={"OO_DATA_DIR": str(data)})


def test_two_policies_are_compared_in_the_order_given(data: Path, tmp_path: Path) -> None:
    picture = tmp_path / "curve.png"
    found = simulate(
        data, *SMALL, "--compare", "random,linucb-v1", "--seeds", "2", "--name", "pair",
        "--judge", "rule", "--cases", "20", "--plot", str(picture),
    )  # fmt: skip
    assert found.exit_code == 0, found.output
    assert "random − linucb-v1:" in found.output
    assert "of 16 people" in found.output
    assert "same order in 100% of pairs" in found.output
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.read_bytes() == (data / "simulations/pair/reward-curve.png").read_bytes()


def test_a_run_is_in_the_store_and_in_mlflow(data: Path) -> None:
    found = simulate(
        data, *SMALL, "--policies", "random,egreedy-v1:epsilon=0.3", "--name", "kept", "--json"
    )
    report = json.loads(found.stdout)
    assert {entry["label"] for entry in report["entries"]} == {"random", LABEL}
    with sqlite3.connect(data / "oo.db") as store:
        query = "SELECT r.status, count(*) FROM sim_events e JOIN sim_runs r ON r.id = e.run_id"
        rows = store.execute(f"{query} WHERE r.name = 'kept'").fetchall()
    assert rows == [("finished", 2 * 8 * 3)]
    with sqlite3.connect(data / "mlflow" / "mlflow.db") as mlflow:
        query = "SELECT step, value FROM metrics m JOIN runs r USING (run_uuid) WHERE r.name = ?"
        curve = mlflow.execute(f"{query} AND m.key = 'reward_by_day' ORDER BY step", [LABEL])
        points = [value for _, value in curve]
    entry = next(one for one in report["entries"] if one["label"] == LABEL)
    assert points == pytest.approx(entry["reward_by_day"], abs=1e-5)
    cards = list((data / "mlflow" / "artifacts").glob("*/artifacts/card.md"))
    assert any(f"# {LABEL}" in card.read_text() for card in cards)


def test_the_same_seed_prints_the_same_report(data: Path) -> None:
    reports = [
        json.loads(simulate(data, *SMALL, "--policies", "egreedy-v1", "--json").stdout)
        for _ in range(2)
    ]
    assert reports[0]["entries"] == reports[1]["entries"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--policies", "nobody"], BadRequest),
        (["--compare", "random"], BadRequest),
        (["--sweep"], BadRequest),
        (["--judge", "nobody"], BadRequest),
        (["--name", "../elsewhere"], BadRequest),
        (["--name", "pair"], Conflict),
        (["--resume", "never"], NotFound),
    ],
)
def test_what_cannot_be_done_is_refused(
    data: Path, arguments: list[str], error: type[Exception]
) -> None:
    (data / "simulations" / "pair").mkdir(parents=True, exist_ok=True)
    (data / "simulations" / "pair" / "job.json").touch()
    assert isinstance(simulate(data, *SMALL, *arguments).exception, error)
