"""The person's tasks."""

from oo.domain.signals.retention import WHILE_OPEN
from oo.store import tasks as store
from oo.store.category import Category, Held, days
from oo.store.tables import tasks

CATEGORY = Category(
    name="tasks",
    title="Tasks",
    words="What your sources told and your lists had, as long as it is open.",
    holds=(Held(tasks, "recorded_at"),),
    kept=lambda retention: f"until you disconnect, finished ones for {days(WHILE_OPEN.keep.days)}",
    purges=(
        lambda connection, now, retention: store.purge_finished(connection, now - WHILE_OPEN.keep),
    ),
)
