"""Which models were asked for the person."""

from datetime import timedelta

from oo.store import model_calls as store
from oo.store.category import Category, Held, days
from oo.store.tables import model_calls

CATEGORY = Category(
    name="model-calls",
    title="Calls of models",
    words="Which models wrote for you, how often and at what cost, by the hour. No words.",
    holds=(Held(model_calls, "hour"),),
    kept=lambda retention: days(retention.model_calls_days),
    purges=(
        lambda connection, now, retention: store.purge(
            connection, now - timedelta(days=retention.model_calls_days)
        ),
    ),
)
