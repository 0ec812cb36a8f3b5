"""What has happened, in numbers, and what is still to be told elsewhere."""

from datetime import timedelta

from oo.store import batches, event_log, outbox
from oo.store.category import Category, Held, days
from oo.store.tables import events, fill_batch_people
from oo.store.tables import outbox as outbox_table

CATEGORY = Category(
    name="events",
    title="Events and errands",
    words=(
        "What has happened, in numbers and without words, what oO is to tell your sources, and"
        " turns in the nightly making of tips."
    ),
    holds=(
        Held(
            outbox_table,
            "created_at",
            {"payload": "it may hold what a source granted to this oO"},
            returns=False,
        ),
        Held(events, "created_at", returns=False),
        Held(fill_batch_people, "at", returns=False),
    ),
    kept=lambda retention: (
        f"{days(retention.events_days)}, errands as long after they are done, turns for"
        f" {days(retention.batches_days)}"
    ),
    purges=(
        lambda connection, now, retention: outbox.purge(
            connection, now - timedelta(days=retention.events_days)
        ),
        lambda connection, now, retention: event_log.purge(
            connection, now - timedelta(days=retention.events_days)
        ),
        lambda connection, now, retention: batches.purge(
            connection, now - timedelta(days=retention.batches_days)
        ),
    ),
)
