"""The prompt loop against a real OpenAI-style server whose answers depend on the prompt."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from ml.prompts.prompt import load, versions
from ml.prompts.variations import slots, varied
from oo.cli.main import build
from oo.kit.settings import Settings
from oo.mlops import prompts
from oo.mlops.prompt_search import Found, Search, search
from oo.mlops.roles import Order
from oo.mlops.tracked import tracking_of
from oo.store import prompts as store
from oo.store.database import Database
from oo.store.migrate import migrate
from oo.vault.offline import with_store
from tests.peers.openai import openai_server
from tests.unit.mlops.decision_logs import START

ADA = Order("ada", "a test", START)
BETTER = "like a friend who has read the list"
PLAN = Search("instruct-v2", "writer", 6, 3, ("en",), 3)
GOOD = (
    "Look through “{ref}” slowly now and write down which small part comes first.",
    "Give “{ref}” half an hour now. Write down what is missing, then ask for exactly that.",
)


def answer(body: dict[str, Any]) -> str:
    """Two tips; short and without a step, but where the prompt asks for a friend's."""
    told = body["messages"][0]["content"]
    texts = GOOD if BETTER in told else ("See “{ref}”.", "Do “{ref}” now.")
    shown = re.findall(r"^(t\d)“", body["messages"][1]["content"], re.MULTILINE)
    tips = [
        {"task_id": ref, "kind": "task", "content": text.format(ref=ref), "confidence": 0.7}
        for ref, text in zip(shown, texts, strict=False)
    ]
    return json.dumps({"tips": tips})


def same(_: dict[str, Any]) -> str:
    return answer({"messages": [{"content": ""}, {"content": "t1“\nt2“"}]})


def searched(folder: Path, reply: Any, plan: Search = PLAN) -> tuple[Found, Settings]:
    settings = Settings(data_dir=folder)
    with_store(settings, migrate)
    with openai_server(reply) as url:
        alias = {"model": "openai/writer", "api_base": url, "api_key": "none"}
        file = folder / "models.yaml"
        file.write_text(yaml.safe_dump({"aliases": {"writer": alias}}), "utf-8")
        return search(plan, settings, file, ADA), settings


def given(settings: Settings, people: int = 40) -> set[str]:
    async def work(db: Database) -> set[str]:
        async with db.read() as connection:
            return {await store.given_to(connection, f"p{n}") for n in range(people)}

    return with_store(settings, work)


def test_the_better_variation_wins_and_serves_nobody_before_approval(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, settings = searched(tmp_path, answer)
    assert found.proposed == found.best
    assert 0 < found.low <= found.gain <= found.high
    tracking = tracking_of(settings)
    assert len(tracking.children(tracking.run(found.mlflow_run_id))) == PLAN.trials
    assert given(settings) == {""}
    monkeypatch.setenv("OO_DATA_DIR", str(tmp_path))
    asked = ["prompt", "approve", found.proposed, "--reason", "reads better", "--share", "0.5"]
    result = CliRunner().invoke(build(), asked)
    assert result.exit_code == 0, result.output
    assert {BETTER in body for body in given(settings) if body} == {True}
    shown = CliRunner().invoke(build(), ["prompt", "list"])
    assert found.proposed in shown.output


def test_where_no_variation_matters_nothing_is_proposed(tmp_path: Path) -> None:
    found, settings = searched(tmp_path, same)
    assert found.proposed is None

    async def standings(db: Database) -> list[prompts.Standing]:
        async with db.read() as connection:
            return await prompts.standings(connection)

    assert {one.version for one in with_store(settings, standings)} == set(versions())


@pytest.mark.parametrize("version", versions())
def test_every_slot_changes_the_prompt_and_its_version(version: str) -> None:
    base = load(version)
    known = slots(base)
    assert known
    assert varied(base, dict.fromkeys(known, 0)) is base
    for name, slot in known.items():
        made = [varied(base, {name: n}) for n in range(len(slot.choices))]
        assert len({one.version for one in made}) == len(slot.choices)
        assert {one.name for one in made} == {base.name}
