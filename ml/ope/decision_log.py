"""The decision log as off-policy evaluation sees it: arrays, replayed policies, labels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from ml.ope.feedback import BanditFeedback, Booleans, Floats, Ints
from ml.ope.reward_model import CrossFittedRidge
from ml.ope.slices import Labels
from ml.ope.support import supported, unsupported_mass
from oo.domain.decisions import LoggedDecision
from oo.domain.fold import design, fold, posterior_on
from oo.domain.policies import Policy, generator
from oo.domain.reactions import Reaction
from oo.domain.statistics import Statistics, day_of
from oo.kit.errors import OoError

FOLDS_SEED = 0


class By(StrEnum):
    """How a log is divided: by what the tip is, or by local hour, week of joining or person."""

    MODEL = "model"
    PROMPT = "prompt"
    KIND = "kind"
    HOUR = "hour"
    COHORT = "cohort"
    USER = "user"

    @property
    def of_candidate(self) -> bool:
        """Whether the label comes with the choice."""
        return self in {By.MODEL, By.PROMPT, By.KIND}


class Unsupported(OoError):
    """The log cannot speak for a policy."""

    code, title = "unsupported", "The log does not support the policy"


@dataclass(frozen=True)
class DecisionLog:
    """n decisions with a reward, padded to K candidates, and what all evaluations of them share.

    `rewards` (n,) are what came of them within a day, `logging` (n, K) the logged propensities,
    `features` (n, K, d) all logged ones. Left out are `unsettled` decisions, which are too young to
    know that, and `without_reward`, those without a reward among the others.
    """

    decisions: Sequence[LoggedDecision]
    rewards: Floats
    logging: Floats
    features: Floats
    without_reward: int
    unsettled: int = 0

    def __len__(self) -> int:
        return len(self.decisions)

    @cached_property
    def actions(self) -> Ints:
        """The chosen candidate of each decision, (n,)."""
        return np.array([decision.chosen for decision in self.decisions])

    @cached_property
    def people(self) -> Labels:
        """The person of each decision, (n,)."""
        return np.array([decision.user_id for decision in self.decisions])

    @cached_property
    def estimated_rewards(self) -> Floats:
        """q̂ (n, K)."""
        return self.regress(self.rewards)

    def regress(self, outcome: Floats) -> Floats:
        """`outcome` (n,) as estimated for every candidate, (n, K): cross-fitted by person.

        Decisions of one person alone are dealt one by one; a single one gives 0, with which DR
        is IPS.
        """
        present = np.arange(self.logging.shape[1]) < self._counts()[:, None]
        if len(self) < 2:
            return np.zeros(present.shape)
        return CrossFittedRidge().estimated_rewards(
            self.features,
            self.actions,
            outcome,
            np.random.default_rng(FOLDS_SEED),
            groups=self.people if len({*self.people.tolist()}) > 1 else None,
            present=present,
        )

    def feedback(self, evaluation: Floats) -> BanditFeedback:
        """The log under a policy's propensities (n, K); raises Unsupported where they reach
        beyond the log."""
        outside = unsupported_mass(self.logging, evaluation)
        if outside.any():
            raise Unsupported(
                f"{outside.mean():.1%} of the policy's choices, in {(outside > 0).sum()} of"
                f" {len(self)} decisions, could not have been logged: the policy that decided"
                " there gave them no chance. Leave those decisions out with --supported-only."
            )
        pscores = self.logging[np.arange(len(self)), self.actions]
        return BanditFeedback(
            self.actions, self.rewards, pscores, evaluation, self.estimated_rewards
        )

    def supported(self, evaluation: Floats) -> Booleans:
        """Which decisions (n,) could have been any choice of the policy."""
        return supported(self.logging, evaluation)

    def take(self, mask: Booleans) -> "DecisionLog":
        """The decisions that `mask` (n,) selects; raises OoError when there are none."""
        kept = [decision for decision, keep in zip(self.decisions, mask, strict=True) if keep]
        if not kept:
            raise OoError("No decision of the log could have been any choice of the policies.")
        return DecisionLog(
            kept,
            self.rewards[mask],
            self.logging[mask],
            self.features[mask],
            self.without_reward,
            self.unsettled,
        )

    def _counts(self) -> Ints:
        return np.array([len(decision.candidate_ids) for decision in self.decisions])


def features_of(decisions: Sequence[LoggedDecision]) -> Floats:
    """Every logged feature of every candidate, (n, K, d); 0 where a decision lacks one."""
    names = sorted({name for decision in decisions for name in decision.features})
    width = max(len(one.candidate_ids) for one in decisions)
    table = np.zeros((len(decisions), width, len(names)))
    for row, decision in zip(table, decisions, strict=True):
        for column, name in enumerate(names):
            values = decision.features.get(name, [])
            row[: len(values), column] = values
    return table


def replay_person(
    policy: Policy, decisions: Sequence[LoggedDecision], reactions: Sequence[Reaction]
) -> list[Floats]:
    """The policy's propensities in each decision of one person, whose log starts at number 1."""
    found: dict[str, Floats] = {}
    statistics, folded = Statistics.empty(policy.dimension), 0
    for decision in sorted(decisions, key=lambda one: one.state_seq):
        statistics = fold(policy, statistics, reactions[folded : decision.state_seq])
        folded = decision.state_seq
        posterior = posterior_on(policy, statistics, day_of(decision.created_at))
        zeros = [0.0] * len(decision.candidate_ids)
        features = {**dict.fromkeys(policy.features, zeros), **decision.features}
        scored = policy.score(posterior, design(policy, features), generator(decision.seed))
        found[decision.id] = scored.propensities
    return [found[decision.id] for decision in decisions]


def labels_of(log: DecisionLog, by: By) -> Labels:
    """The label (n,) of each decision, or of the candidate that it chose."""
    name: dict[By, Callable[[LoggedDecision], str]] = {
        By.MODEL: lambda one: one.model,
        By.PROMPT: lambda one: one.prompt_version,
        By.KIND: lambda one: one.kind,
        By.HOUR: lambda one: f"{one.created_at.astimezone(ZoneInfo(one.timezone)).hour:02}",
        By.COHORT: lambda one: f"{one.joined_at:%G-W%V}",
        By.USER: lambda one: one.user_id,
    }
    return np.array([name[by](decision) for decision in log.decisions])
