"""Features by subject; the registry holds those of every module here that exports FEATURES."""

import sys

from ml.features.registry import Feature, Registry
from oo.kit.plugins import discover_all

REGISTRY = Registry(discover_all(sys.modules[__name__], "FEATURES", Feature))
