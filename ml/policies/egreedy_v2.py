"""ε-greedy with the profile features beside those of v1: d = 12."""

from ml.policies.egreedy_v1 import FEATURES, EpsilonGreedy

PROFILE = ("completion_rate", "dismiss_rate", "mean_dwell", "preferred_hour", "tip_volume")

POLICY = EpsilonGreedy("egreedy-v2", "1", FEATURES + PROFILE)
