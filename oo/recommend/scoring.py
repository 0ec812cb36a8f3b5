"""From people's beliefs to picks: what a shard does for every request, many people at a time."""

import contextlib
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from oo.domain.columns import count_of
from oo.domain.fold import design, designs
from oo.domain.policies import Pick, Policy, ScoresTogether, pick, pick_together
from oo.kit.pseudonym import mark


class ScoreRequest(NamedTuple):
    """One person's candidates to choose from; `features` has K values per name.

    `day` counts from the epoch of decay (`oo.domain.policy.day_of`).
    """

    user_id: str
    user_seq: int
    seed: int
    features: Mapping[str, list[float]]
    day: int


class Choice(NamedTuple):
    """What a policy picked; the lists have K entries."""

    chosen: int
    scores: list[float]
    propensities: list[float]
    policy: str
    policy_version: str
    state_seq: int


class Belief(NamedTuple):
    """What a policy knows of one person: its posterior, after their first `seq` reactions."""

    posterior: Any
    seq: int


def score_all(
    policy: Policy, requests: Sequence[ScoreRequest], beliefs: Sequence[Belief | Exception]
) -> list[Choice | Exception]:
    """One choice per request, or why that person has none.

    People with as many candidates are scored together where the policy can; it changes no bit.
    """
    found = dict[int, Choice]()
    if isinstance(policy, ScoresTogether):
        for indices in _alike(requests, beliefs):
            # whose numbers are wrong shows when each is scored alone
            with contextlib.suppress(Exception):
                found |= _score_together(policy, indices, requests, beliefs)
    return [
        found.get(index) or _try_score(policy, request, belief)
        for index, (request, belief) in enumerate(zip(requests, beliefs, strict=True))
    ]


def score_one(policy: Policy, request: ScoreRequest, belief: Belief) -> Choice:
    """One person's choice; raises ValueError where the policy gives no propensities."""
    x = design(policy, request.features)
    return _choice(policy, request, belief, pick(policy, belief.posterior, x, request.seed))


def _alike(
    requests: Sequence[ScoreRequest], beliefs: Sequence[Belief | Exception]
) -> list[list[int]]:
    """Two requests or more with the same number of candidates each, by index."""
    by_count: dict[int, list[int]] = {}
    for index, (request, belief) in enumerate(zip(requests, beliefs, strict=True)):
        if isinstance(belief, Belief):
            by_count.setdefault(count_of(request.features), []).append(index)
    return [indices for indices in by_count.values() if len(indices) > 1]


def _score_together(
    policy: Any,  # a Policy that also is ScoresTogether
    indices: Sequence[int],
    requests: Sequence[ScoreRequest],
    beliefs: Sequence[Any],
) -> dict[int, Choice]:
    asked = [requests[index] for index in indices]
    known = [beliefs[index] for index in indices]
    picks = pick_together(
        policy,
        [belief.posterior for belief in known],
        designs(policy, [request.features for request in asked]),
        [request.seed for request in asked],
    )
    return {
        index: _choice(policy, request, belief, picked)
        for index, request, belief, picked in zip(indices, asked, known, picks, strict=True)
    }


def _try_score(
    policy: Policy, request: ScoreRequest, belief: Belief | Exception
) -> Choice | Exception:
    if isinstance(belief, Exception):
        return belief
    try:
        return score_one(policy, request, belief)
    except Exception as error:
        return error


def _choice(policy: Policy, request: ScoreRequest, belief: Belief, picked: Pick) -> Choice:
    propensities = picked.propensities.tolist()
    if not math.isfinite(sum(propensities)):
        raise ValueError(f"{policy.name} gave no propensities for {mark(request.user_id)}")
    return Choice(
        picked.chosen,
        picked.scores.tolist(),
        propensities,
        policy.name,
        policy.version,
        belief.seq,
    )
