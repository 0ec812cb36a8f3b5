"""ebts that looks around a little more: the policy in force by default.

Unfitted, it is what somebody new gets before anybody has agreed to pooling. The share of the
uniform keeps every candidate's propensity above ε/K, so that the log of a young installation, in
which nobody has many reactions, can evaluate other policies.
"""

from dataclasses import replace

from ml.policies import ebts

EPSILON = 0.03

POLICY = replace(ebts.POLICY, name="ebts-v2", epsilon=EPSILON)
