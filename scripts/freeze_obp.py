"""Write what obp 0.5.7 answers on the cases of the estimators' test.

obp's metadata refuses Python 3.11, but it runs when forced, in an environment of its own:

    python3.11 -m venv /tmp/obp
    /tmp/obp/bin/pip install numpy 'pandas<3' scikit-learn scipy pyyaml tqdm
    /tmp/obp/bin/pip install --no-deps --ignore-requires-python obp==0.5.7
    PYTHONPATH=. /tmp/obp/bin/python scripts/freeze_obp.py

Its import asks for torch, matplotlib, seaborn, pyieoe and pingouin, which the estimators do not
use: empty modules stand in for them.
"""

import json
from pathlib import Path
from typing import Any

from stand_ins import stand_in

from tests.unit.ml.ope.cases import Case, cases, checksum

ANSWERS = Path(__file__).parent.parent / "tests/unit/ml/ope/obp_0_5_7.json"


def answers(case: Case, ope: Any) -> dict[str, float]:
    """The estimates of obp's estimators under our names."""
    by_name = {
        "dm": ope.DirectMethod(),
        "ips": ope.InverseProbabilityWeighting(),
        "clipped-ips": ope.InverseProbabilityWeighting(lambda_=case.clip),
        "snips": ope.SelfNormalizedInverseProbabilityWeighting(),
        "dr": ope.DoublyRobust(),
        "sndr": ope.SelfNormalizedDoublyRobust(),
        "switch-dr": ope.SwitchDoublyRobust(lambda_=case.tau),
        "dros": ope.DoublyRobustWithShrinkage(lambda_=case.shrink),
    }
    return {
        name: float(
            estimator.estimate_policy_value(
                reward=case.rewards,
                action=case.actions,
                pscore=case.pscores,
                action_dist=case.evaluation[:, :, None],
                estimated_rewards_by_reg_model=case.estimated_rewards[:, :, None],
            )
        )
        for name, estimator in by_name.items()
    }


def main() -> None:
    """Write the answers."""
    stand_in()
    import obp.ope

    frozen = {
        case.name: {"checksum": checksum(case), "values": answers(case, obp.ope)}
        for case in cases()
    }
    ANSWERS.write_text(json.dumps(frozen, indent=1) + "\n")
    print(f"{len(frozen)} cases in {ANSWERS}")


if __name__ == "__main__":
    main()
