"""A benchmark over a real OpenAI-style server: paired over lists, and kept in files and MLflow."""

import csv
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from ml.rating import benchmark as figures
from ml.rating.benchmark import Figures, Templates, Written
from ml.rating.judges import tip_judges
from oo.kit.errors import BadRequest
from oo.kit.settings import Settings
from oo.mlops import benchmark
from oo.mlops.benchmark import Plan
from oo.mlops.tracked import tracking_of
from tests.peers.openai import openai_server

PLAN = Plan("b1", ("good", "liar", "templates"), ("instruct-v1",), ("en",), 3, 5)


def answer(body: dict[str, Any]) -> str:
    """One says what is true of the first tasks; the other invents a delay."""
    is_liar = body["model"].endswith("liar")
    said = "“{ref}” is 99 days overdue." if is_liar else "Give “{ref}” a small first step now."
    tips = [
        {"task_id": ref, "kind": "task", "content": said.format(ref=ref), "confidence": 0.8}
        for ref in ("t1", "t2")
    ]
    return json.dumps({"tips": tips})


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[benchmark.Outcome, Settings]:
    folder = tmp_path_factory.mktemp("bench")
    settings = Settings(data_dir=folder)
    with openai_server(answer) as url:
        aliases = {
            name: {"model": f"openai/{name}", "api_base": url, "api_key": "none"}
            for name in ("good", "liar")
        }
        file = folder / "models.yaml"
        file.write_text(yaml.safe_dump({"aliases": aliases}), "utf-8")
        return benchmark.run(PLAN, settings, file), settings


Result = tuple[benchmark.Outcome, Settings]


def test_each_writer_has_its_figures(outcome: Result) -> None:
    means = outcome[0].means
    assert list(means) == ["good / instruct-v1", "liar / instruct-v1", "templates"]
    good, liar, templates = means.values()
    assert good.true_before > 0.5 > liar.true_before == 0
    assert good.from_model > 0 == liar.from_model
    assert good.true_after == liar.true_after == templates.true_after == 1
    assert good.prompt_tokens > 0
    assert templates.prompt_tokens == 0
    assert templates.true_before != templates.true_before  # no model offered anything


def test_differences_are_paired_over_the_same_lists(outcome: Result) -> None:
    against = outcome[0].differences
    assert list(against) == ["liar / instruct-v1", "templates"]
    less = against["liar / instruct-v1"]["true_before"]
    assert less.lists == PLAN.lists
    assert less.low <= less.mean <= less.high < 0


def test_it_is_kept_in_files_and_in_mlflow(outcome: Result) -> None:
    found, settings = outcome
    rows = list(csv.DictReader((found.folder / "sets.csv").open()))
    assert len(rows) == 9 == benchmark.total(PLAN)
    assert {"writers.png", "tips.csv"} <= {path.name for path in found.folder.iterdir()}
    tracking = tracking_of(settings)
    run = tracking.run(found.mlflow_run_id)
    assert len(tracking.children(run)) == 3


def test_what_there_is_not_is_refused(outcome: Result, tmp_path: Path) -> None:
    file = tmp_path / "models.yaml"
    file.write_text("aliases: {}\n", "utf-8")
    for plan in (PLAN, Plan("b", ("templates",), ("nope",), ("en",), 2, 1)):
        with pytest.raises(BadRequest, match="There is no"):
            benchmark.run(plan, outcome[1], file)


async def test_the_same_seed_writes_the_same_sets() -> None:
    judge, (drawn,) = tip_judges()["rule"], benchmark.drawn_lists(["en"], 1, 3)
    first, again = [await figures.measure(Templates(), drawn, judge, 3) for _ in range(2)]
    assert first.tips == again.tips


def test_an_interval_covers_the_true_difference_as_often_as_it_says() -> None:
    random, hits = Random(11), 0
    for trial in range(200):
        written = []
        for at in range(30):
            base = random.gauss(0, 3)  # lists differ much more than the writers
            for writer, shift in (("a", 0.0), ("b", 0.5)):
                values = dict.fromkeys(Figures._fields, base + shift + random.gauss(0, 0.5))
                written.append(Written(writer, str(at), (), Figures(**values)))
        one = figures.differences(written, trial)["b"]["score"]
        hits += one.low <= 0.5 <= one.high
        assert one.high - one.low < 1  # pairing takes the lists' own spread out
    assert hits / 200 >= 0.9
