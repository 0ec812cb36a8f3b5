"""Which sources the person connected."""

from oo.store import last_imports as store
from oo.store.category import Category, Held
from oo.store.tables import connections, last_imports

CATEGORY = Category(
    name="sources",
    title="Your sources",
    words="What you connected, how it is going, and for some minutes how to undo a list.",
    holds=(
        Held(connections, "connected_at", {"secret": "what a source granted to this oO"}),
        Held(last_imports, "imported_at", returns=False),
    ),
    kept=lambda retention: "until you disconnect",
    purges=(lambda connection, now, retention: store.purge(connection, now),),
)
