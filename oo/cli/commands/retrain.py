"""`oo retrain`: fit a policy's parameters to everybody who agreed to pooling."""

from typing import TYPE_CHECKING, Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.kit.clock import SystemClock
from oo.kit.settings import load_settings
from oo.vault.offline import with_store

if TYPE_CHECKING:
    from oo.mlops.retraining import Retrained


def retrain(
    policy: Annotated[str, typer.Argument(help="A policy with parameters.")] = "ebts",
) -> None:
    """Fit, measure and register new parameters; nothing is put in force."""
    from oo.mlops import retraining  # MLflow takes a second to import
    from oo.mlops.tracked import tracking_of

    settings = load_settings()
    tracking = tracking_of(settings)
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


COMMAND = Command("retrain", Group.LEARNING, retrain)
