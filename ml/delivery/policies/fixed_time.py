"""One push a day at the person's usual hour: what reminders in other apps do."""

from ml.delivery.policies._rule import Rule


class FixedTime(Rule):
    """Speaks at a usual hour, if nothing was sent within the last 24 hours."""

    __slots__ = ()

    def advantage(self, named: dict[str, float]) -> float:
        return 1.0 if named["at_usual_hour"] and not named["dose_day"] else -1.0


POLICY = FixedTime("fixed-time", "1", ("at_usual_hour", "dose_day"))
