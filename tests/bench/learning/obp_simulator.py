"""obp's simulated decisions per second, for `tests.bench.learning.speed --obp PYTHON`.

Runs in an environment of its own (scripts/freeze_obp.py says how to make one): d = 16 features,
K = 10 actions, obp's loop over an online policy (`BanditPolicySimulator`) on rounds that are made
beforehand.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "scripts"))
from stand_ins import stand_in

stand_in()
from obp.dataset import logistic_reward_function  # noqa: E402
from obp.policy import LinEpsilonGreedy, LinTS, LinUCB  # noqa: E402
from obp.simulator.simulator import (  # noqa: E402
    BanditEnvironmentSimulator,
    BanditPolicySimulator,
)

ROUNDS, ACTIONS, FEATURES = 3000, 10, 16


def main() -> None:
    for policy in (
        LinEpsilonGreedy(dim=FEATURES, n_actions=ACTIONS, epsilon=0.1, random_state=1),
        LinUCB(dim=FEATURES, n_actions=ACTIONS, random_state=1),
        LinTS(dim=FEATURES, n_actions=ACTIONS, random_state=1),
    ):
        environment = BanditEnvironmentSimulator(
            n_actions=ACTIONS,
            dim_context=FEATURES,
            reward_function=logistic_reward_function,
            random_state=1,
        )
        rounds = environment.next_bandit_round_batch(ROUNDS)
        began = time.perf_counter()
        BanditPolicySimulator(policy=policy, environment=environment).steps(
            batch_bandit_rounds=rounds
        )
        rate = ROUNDS / (time.perf_counter() - began)
        print(f"obp's simulator, {policy.policy_name}: {rate:,.0f} decisions/s")  # noqa: T201


if __name__ == "__main__":
    main()
