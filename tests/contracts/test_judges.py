"""Every judge passes every check; a new one is one file."""

import json
import re
from dataclasses import dataclass, field

import numpy as np
import pytest

from ml.generation.completion import Completion, CompletionRequest
from ml.judges import judges
from ml.simulation.judging import Judge, calibrate, draw_cases
from ml.simulation.scenario import PopulationModel, Scenario

JUDGES = judges()
every_judge = pytest.mark.parametrize("judge", JUDGES.values(), ids=JUDGES.keys())
CASES = draw_cases(Scenario(seed=5, population=PopulationModel(people=20)), 60)


@dataclass
class Reader:
    """A model that goes by priority alone, and answers in prose around its JSON."""

    asked: list[CompletionRequest] = field(default_factory=list)

    async def complete(self, request: CompletionRequest) -> Completion:
        self.asked.append(request)
        found = re.search(r"priority (\d)", request.messages[-1]["content"])
        score = int(found[1]) - 2 if found else 0
        text = f"Well: {json.dumps({'score': score, 'reason': 'because'})} I think."
        return Completion(text, "reader", 1, 1, 0.0)


@every_judge
async def test_there_is_one_verdict_per_case_on_the_scale_of_rewards(judge: Judge) -> None:
    verdicts = await judge.judge(CASES, Reader())
    assert len(verdicts) == len(CASES)
    assert all(one is not None and -1 <= one.score <= 1 and one.reason for one in verdicts)


@every_judge
async def test_the_same_cases_get_the_same_verdicts(judge: Judge) -> None:
    assert await judge.judge(CASES, Reader()) == await judge.judge(CASES, Reader())


@every_judge
async def test_it_agrees_with_the_truth_better_than_chance(judge: Judge) -> None:
    truth = await JUDGES["rule"].judge(CASES)
    assert calibrate(await judge.judge(CASES, Reader()), truth).agreement > 0.5


@every_judge
def test_it_says_what_it_is(judge: Judge) -> None:
    assert JUDGES[judge.name] is judge
    assert judge.version


async def test_the_rule_needs_no_correction() -> None:
    truth = await JUDGES["rule"].judge(CASES)
    found = calibrate(truth, truth)
    assert found.agreement == 1.0
    np.testing.assert_allclose([found.slope, found.intercept], [1.0, 0.0], atol=1e-9)
