"""From people's reactions to what is fitted."""

from collections.abc import Mapping, Sequence

import numpy as np

from oo.domain.policies import Experience, Policy, rows
from oo.domain.statistics import Statistics, day_weight


def statistics_of(
    policy: Policy, people: Mapping[str, Sequence[Experience]]
) -> dict[str, Statistics]:
    """Each person's statistics under `policy`, faded to the newest day of all.

    People come in the order of their ids, so that sums do not depend on who is named first.
    """
    today = max((one.day for experience in people.values() for one in experience), default=0)
    found = {}
    for user in sorted(people):
        experience = people[user]
        if not experience:
            continue
        x = policy.embed(rows(policy, experience))
        r = np.array([one.reward for one in experience])
        w = np.array([day_weight(policy.decay, one.day - today) for one in experience])
        wx = w[:, None] * x
        found[user] = Statistics(wx.T @ x, wx.T @ r, float(w @ (r * r)), float(w.sum()))
    return found
