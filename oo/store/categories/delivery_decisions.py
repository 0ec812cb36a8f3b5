"""When oO thought of speaking up, and whether it did."""

from datetime import timedelta

from oo.store import delivery_log
from oo.store.category import Category, Held, days
from oo.store.tables import delivery_decisions

CATEGORY = Category(
    name="delivery-decisions",
    title="When oO spoke up",
    words="When oO thought of speaking up and why, whether it did, and what came of it. No words.",
    holds=(Held(delivery_decisions, "created_at"),),
    kept=lambda retention: days(retention.decisions_days),
    purges=(
        lambda connection, now, retention: delivery_log.purge(
            connection, now - timedelta(days=retention.decisions_days)
        ),
    ),
)
