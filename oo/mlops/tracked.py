"""Where runs, models and prompts are tracked."""

from typing import TYPE_CHECKING

from oo.kit.settings import Settings

if TYPE_CHECKING:
    from ml.tracking import Tracking


def tracking_of(settings: Settings) -> "Tracking":
    """MLflow as the settings name it."""
    from ml.tracking import Tracking  # two seconds of imports that other commands do without

    return Tracking(settings.mlflow_store, settings.data_dir / "mlflow" / "artifacts")
