"""`oo ope --by`: what was logged, and what a policy chooses, is credited to prompt and model."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from oo.cli.main import build
from oo.store.database import Database
from oo.store.migrate import migrate
from tests.unit.mlops.decision_logs import live_with_prompts, store_url


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("var")

    async def make() -> None:
        db = Database(store_url(place))
        await migrate(db)
        await live_with_prompts(db, 12, 30)
        await db.close()

    asyncio.run(make())
    return place


def sliced(folder: Path, by: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, dict[str, Any]]:
    monkeypatch.setenv("OO_DATA_DIR", str(folder))
    monkeypatch.setenv("COLUMNS", "200")
    file = folder / f"{by}.json"
    words = ["ope", "random", "--by", by, "--estimator", "snips", "--json", str(file)]
    answer = CliRunner().invoke(build(), words, catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    rows = json.loads(file.read_bytes())
    return answer.output, {row["slice"]: row for row in rows if row["policy"] == "as logged"}


def test_the_prompt_gets_its_credit_and_the_model_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, prompts = sliced(folder, "prompt", monkeypatch)
    _, models = sliced(folder, "model", monkeypatch)
    low, high = prompts["plain-v1"]["interval"], prompts["plain-v2"]["interval"]
    assert low[1] < high[0]
    small, large = models["m-small"]["interval"], models["m-large"]["interval"]
    assert max(small[0], large[0]) < min(small[1], large[1])
    assert prompts["plain-v1"]["n"] + prompts["plain-v2"]["n"] == 12 * 30 - 3
    assert not any(row["too_few"] for row in models.values())


def test_a_slice_of_a_few_decisions_is_warned_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, prompts = sliced(folder, "prompt", monkeypatch)
    assert prompts["rare-v1"]["too_few"]
    assert "Too few decisions" in output
    assert "rare-v1" in output
