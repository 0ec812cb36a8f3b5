"""Stands in for what obp imports and the parts of it that are used here do not need."""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

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
