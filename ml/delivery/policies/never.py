"""Never speaks: what people have who use the page alone."""

from ml.delivery.policies._rule import Rule


class Never(Rule):
    """Silence at every moment."""

    __slots__ = ()

    def advantage(self, named: dict[str, float]) -> float:
        return -1.0


POLICY = Never("never", "1", ())
