"""Where the person is signed in."""

from oo.store import sessions as store
from oo.store.category import Category, Held
from oo.store.tables import sessions

CATEGORY = Category(
    name="sessions",
    title="Where you are signed in",
    words="Your browser's name, and when you signed in with it.",
    holds=(
        Held(sessions, "created_at", {"token_hash": "it stands for your cookie"}, returns=False),
    ),
    kept=lambda retention: "until they end",
    purges=(lambda connection, now, retention: store.purge_expired(connection, now),),
)
