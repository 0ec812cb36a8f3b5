"""Features by subject; the registry below holds those of every module."""

from ml.features import tasks, time
from ml.features.registry import Registry

REGISTRY = Registry((*tasks.FEATURES, *time.FEATURES))
