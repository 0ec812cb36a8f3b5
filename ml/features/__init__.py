"""Features by subject; the registry below holds those of every module."""

from ml.features import interactions, offers, profile, tasks, time
from ml.features.registry import Registry

REGISTRY = Registry(
    (
        *tasks.FEATURES,
        *time.FEATURES,
        *offers.FEATURES,
        *interactions.FEATURES,
        *profile.FEATURES,
    )
)
