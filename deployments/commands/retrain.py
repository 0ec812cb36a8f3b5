"""`oo retrain`: fit a policy's parameters to everybody who agreed to pooling."""

from typing import TYPE_CHECKING, Annotated

import typer

from deployments.shell import out, with_store
from oo.kit.clock import SystemClock
from oo.kit.settings import load_settings

if TYPE_CHECKING:
    from deployments.retraining import Retrained


def retrain(
    policy: Annotated[str, typer.Argument(help="A policy with parameters.")] = "ebts",
) -> None:
    """Fit, measure and register new parameters; nothing is put in force."""
    from deployments import retraining  # MLflow takes a second to import
    from ml.tracking import Tracking

    settings = load_settings()
    tracking = Tracking(settings.mlflow_store, settings.data_dir / "mlflow" / "artifacts")
    with out.status(f"Fitting {policy} to the log …"):
        found = with_store(
            settings,
            lambda db: retraining.retrain(db, tracking, policy, SystemClock().now()),
        )
    _print(found)


def _print(found: "Retrained") -> None:
    out.print(f"{found.policy}: {found.reactions} reactions of {found.people} people")
    if found.prediction:
        p = found.prediction
        out.print(
            f"  error on {p.n} held-out reactions: {p.fitted:.3f} fitted,"
            f" {p.unfitted:.3f} before the fit, {p.constant:.3f} by a constant"
        )
    if found.registered is None:
        out.print("  these parameters were there before; nothing new was registered")
        return
    out.print(f"  registered in MLflow as version {found.registered.version}")
    out.print(f"  next: `oo policy shadow {found.policy} --reason …`, and once it has seen enough,")
    out.print(f"        `oo policy promote {found.policy} --reason …`")
