"""Which systems `make bench` knows, and what it says where one cannot run."""

from pathlib import Path
from typing import Any

import pytest

from tests.bench import systems
from tests.bench.__main__ import SYSTEMS, summed_up
from tests.bench.systems import BASELINES, FRAMEWORKS, ROOT, CannotRunError, check, replicas


@pytest.fixture
def all_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "python").touch()
    monkeypatch.setattr(systems, "THEIR_PYTHON", tmp_path / "python")
    monkeypatch.setattr(systems, "BIN", tmp_path)


@pytest.mark.usefixtures("all_installed")
def test_one_run_has_the_baselines_the_frameworks_and_oo_on_both_stores() -> None:
    assert {*BASELINES, *FRAMEWORKS, "oo", "oo-2x2", "oo-pg"} == {*SYSTEMS}
    for name in (*SYSTEMS, "oo-4x4", "oo-pg-2x2"):
        check(name)


@pytest.mark.parametrize("name", ["", "bento", "oo2x2", "oo-2", "oo-0x1", "oo-2x2-pg", "tuned-2x2"])
@pytest.mark.usefixtures("all_installed")
def test_other_names_are_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(CannotRunError, match="there are naive, tuned, bentoml, litserve, oo"):
        check(name)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_without_their_environment_it_says_what_makes_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systems, "THEIR_PYTHON", tmp_path / "none")
    with pytest.raises(CannotRunError, match=r"scripts/setup_bench\.sh"):
        check(name)
    assert (ROOT / "scripts/setup_bench.sh").exists()
    assert (ROOT / f"tests/bench/on_{name}.py").exists()


@pytest.mark.parametrize(
    ("name", "numbers"),
    [("oo", (1, 1)), ("oo-pg", (1, 1)), ("oo-2x4", (2, 4)), ("oo-pg-4x2", (4, 2))],
)
def test_numbers_of_ingresses_and_shards_are_in_the_name(
    name: str, numbers: tuple[int, int]
) -> None:
    assert replicas(name) == numbers


def turn(system: str, number: int, per_second: float) -> dict[str, Any]:
    case = {"route": "/recommend", "connections": 16, "group": 0, "round": number}
    measured = {"requests": 10, "per_second": per_second, "p50_ms": 1 / per_second, "p99_ms": 1.0}
    rest = {"p99_over_p50": 1.0, "cpu_us": 1.0, "not_2xx": 0, "broken": 0, "random": 1}
    return {"system": system, **case, **measured, **rest}


def test_a_slow_phase_of_the_machine_is_in_no_ratio() -> None:
    speeds = {"tuned": (1000, 300, 900), "oo": (500, 150, 450)}  # the second round was slow
    turns = [turn(name, at, it) for name, all_of in speeds.items() for at, it in enumerate(all_of)]
    tuned, oo = summed_up(turns)
    assert (oo["times_tuned"], oo["wait_tuned"], tuned["times_tuned"]) == (0.5, 2.0, 1.0)
    assert (oo["per_second"], oo["requests"], oo["random"]) == (450, 30, 3)
