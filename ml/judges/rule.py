"""The rule: what the simulated person's own model expects; the truth of a simulation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.generation.completion import Completer
from ml.simulation.judging import Case, Verdict
from ml.simulation.reactions import Answer, expected_reward, probabilities


@dataclass(frozen=True, slots=True)
class Rule:
    """Scores a tip by its exact mean reward."""

    name: str = "rule"
    version: str = "1"

    async def judge(
        self, cases: Sequence[Case], models: Completer | None = None
    ) -> list[Verdict | None]:
        return [_verdict(case) for case in cases]


def _verdict(case: Case) -> Verdict:
    appeal = np.array([[case.appeal]])
    done, _, dismissed, _ = probabilities(case.persona, appeal)[0, 0, : Answer.UNSEEN]
    score = float(expected_reward(case.persona, appeal)[0, 0])
    return Verdict(score, f"done with chance {done:.2f}, dismissed with {dismissed:.2f}")


JUDGE = Rule()
