"""Speaks at every moment, as far as the budget goes: the worst that may be done to people."""

from ml.delivery.policies._rule import Rule


class Always(Rule):
    """Speech at every moment."""

    __slots__ = ()

    def advantage(self, named: dict[str, float]) -> float:
        return 1.0


POLICY = Always("always", "1", ())
