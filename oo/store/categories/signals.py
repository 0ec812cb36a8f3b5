"""What else the person's sources told."""

from oo.store import signals as store
from oo.store.category import Category, Held
from oo.store.tables import signals

CATEGORY = Category(
    name="signals",
    title="Events and other signals",
    words="Events, figures, notes and times of presence that your sources told.",
    holds=(Held(signals, "recorded_at"),),
    kept=lambda retention: "until you disconnect, or as long as its kind says",
    purges=(lambda connection, now, retention: store.purge(connection, now),),
)
