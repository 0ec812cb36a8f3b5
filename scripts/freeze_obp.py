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
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.unit.ml.ope.cases import Case, cases, checksum

ANSWERS = Path(__file__).parent.parent / "tests/unit/ml/ope/obp_0_5_7.json"
UNUSED = (
    "torch",
    "torch.nn",
    "torch.nn.functional",
    "torch.optim",
    "torch.utils",
    "torch.utils.data",
    "matplotlib",
    "matplotlib.pyplot",
    "seaborn",
    "pyieoe",
    "pyieoe.evaluator",
    "pingouin",
)


class Unused(ModuleType):
    """A module in which every name is an empty class, so that obp can inherit from and name it."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def stand_in() -> None:
    """Register the stand-ins."""
    for name in UNUSED:
        module = Unused(name)
        module.__spec__ = ModuleSpec(name, None, is_package=True)
        module.__path__ = []
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)


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
