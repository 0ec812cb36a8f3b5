"""People are scored together, and each as if alone."""

from typing import Any

import numpy as np

from ml.policies import policies
from oo.domain.fold import posterior_on
from oo.domain.statistics import Statistics
from oo.recommend.scoring import Belief, Choice, ScoreRequest, score_all, score_one

POLICY = policies()["ebts-v2"]


def ask(n: int, candidates: int) -> ScoreRequest:
    rng = np.random.default_rng(n)
    features = {name: rng.normal(size=candidates).tolist() for name in POLICY.features}
    return ScoreRequest(f"{n:032x}", n, n, features, 0)


def belief(n: int) -> Belief:
    rng = np.random.default_rng(n)
    statistics = Statistics.empty(POLICY.dimension)
    for _ in range(n):
        statistics = statistics.add(rng.normal(size=POLICY.dimension), 1.0)
    return Belief(posterior_on(POLICY, statistics, 0), n)


def test_people_with_unlike_numbers_of_candidates_get_what_they_get_alone() -> None:
    requests = [ask(n, 1 + n % 3) for n in range(12)]
    beliefs = [belief(n) for n in range(12)]
    wanted = [score_one(POLICY, *each) for each in zip(requests, beliefs, strict=True)]
    assert score_all(POLICY, requests, beliefs) == wanted


def test_wrong_numbers_and_lost_states_of_some_are_nobody_elses() -> None:
    requests = [ask(n, 4) for n in range(5)]
    lacks = {name: it for name, it in requests[1].features.items() if name != "priority"}
    requests[1] = requests[1]._replace(features=lacks)
    requests[2].features["priority"][0] = float("nan")
    beliefs: list[Any] = [belief(n) for n in range(5)]
    beliefs[3] = lost = OSError("its state cannot be read")
    answers = score_all(POLICY, requests, beliefs)
    assert isinstance(answers[1], KeyError)
    assert repr(answers[2]) == repr(score_one(POLICY, requests[2], beliefs[2]))  # nan != nan
    assert answers[3] is lost
    for n in (0, 4):
        assert answers[n] == score_one(POLICY, requests[n], beliefs[n])
        assert isinstance(answers[n], Choice)
