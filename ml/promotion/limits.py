"""What the gate asks for: the one place of its thresholds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds of a promotion.

    `level` is the chance at most of promoting a challenger that is no better, however often
    somebody looks. Rewards lie in [-1, 1]; rates and shares in [0, 1]. `dismiss_margin` is by how
    much the dismiss rate may rise, `simulation_margin` how much reward the challenger may lose on
    simulated people, both at the worse end of their bounds.
    """

    level: float = 0.05
    decisions: int = 500
    people: int = 10
    shadowed: int = 200
    unsupported: float = 0.05
    effective_sample_size: float = 100.0
    gain: float = 0.0
    dismiss_margin: float = 0.05
    simulation_margin: float = 0.02


LIMITS = Limits()
