"""The LLM judge over its alias: what it is told, what it may answer, and how it fails."""

from typing import Any

import numpy as np
import pytest

from ml.generation.aliases import Aliases
from ml.generation.settings import Alias, ModelSettings
from ml.judges.llm import JUDGE, messages, parse
from ml.simulation.judging import Verdict, calibrate, draw_cases
from oo.kit.errors import Unavailable
from tests.unit.ml.simulation.worlds import SMALL

CASES = draw_cases(SMALL, 12)


def over_alias(*answers: str) -> tuple[Any, list[dict[str, Any]]]:
    """The alias `judge` before an engine that gives these answers in turn, the last for ever."""
    bodies: list[dict[str, Any]] = []

    async def engine(body: dict[str, Any]) -> dict[str, Any]:
        bodies.append(body)
        text = answers[min(len(bodies), len(answers)) - 1]
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        return {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [choice],
        }

    settings = ModelSettings(aliases={"judge": Alias(model="oo-engine/judge")})
    return Aliases(settings, engine).completer("judge"), bodies


async def test_the_alias_is_asked_once_per_case_under_a_grammar() -> None:
    models, bodies = over_alias('{"score": 1, "reason": "timely"}')
    verdicts = await JUDGE.judge(CASES, models)
    assert verdicts == [Verdict(0.5, "timely")] * len(CASES)
    assert len(bodies) == len(CASES)
    assert "score" in bodies[0]["structured_outputs"]["grammar"]


async def test_an_answer_without_sense_is_asked_for_once_more() -> None:
    models, bodies = over_alias("hm", '{"score": -2, "reason": "late"}')
    assert await JUDGE.judge(CASES[:1], models) == [Verdict(-1.0, "late")]
    assert len(bodies) == 2
    models, bodies = over_alias("hm")
    assert await JUDGE.judge(CASES[:1], models) == [None]


async def test_without_a_model_it_says_what_to_configure() -> None:
    with pytest.raises(Unavailable, match="alias `judge`"):
        await JUDGE.judge(CASES)
    nobody = Aliases(ModelSettings(aliases={"judge": Alias(model="oo-engine/judge")}))
    with pytest.raises(Unavailable, match=r"configs/models\.yaml"):
        await JUDGE.judge(CASES, nobody.completer("judge"))


def test_it_reads_words_and_never_the_hidden_numbers() -> None:
    case = next(one for one in CASES if one.offer.task is not None)
    system, user = messages(case)
    assert system["role"] == "system"
    assert case.offer.kind in user["content"]
    assert f"priority {case.offer.task.priority} of 4" in user["content"]
    assert f"{case.appeal:.2f}" not in user["content"]


@pytest.mark.parametrize("text", ["", "{}", '{"score": 3}', '{"score": 0.5}', "score: 1", "}{"])
def test_what_is_no_verdict_is_none(text: str) -> None:
    assert parse(text) is None


def test_calibration_finds_the_line_between_two_judges() -> None:
    rng = np.random.default_rng(1)
    truth = rng.uniform(-1, 1, 200)
    judge = [Verdict(float(value), "") for value in truth / 2 - 0.1]
    found = calibrate([*judge, None], [*(Verdict(float(v), "") for v in truth), Verdict(0.0, "")])
    assert found.slope == pytest.approx(2.0)
    assert found.intercept == pytest.approx(0.2)
    assert (found.agreement, found.cases, found.failed) == (1.0, 200, 1)


def test_a_judge_who_always_says_the_same_agrees_by_chance() -> None:
    rng = np.random.default_rng(1)
    truth = [Verdict(float(v), "") for v in rng.normal(size=20)]
    assert calibrate([Verdict(0.5, "")] * 20, truth).agreement == 0.5
    with pytest.raises(ValueError, match="2 of 2"):
        calibrate([Verdict(0.5, "")] * 2, truth[:2])
