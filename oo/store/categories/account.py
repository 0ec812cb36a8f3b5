"""Who the person is."""

from oo.store.category import Category, Held
from oo.store.tables import data_keys, identities, users

CATEGORY = Category(
    name="account",
    title="Your account",
    words="Your address, name and time zone, and how far the counts of your data are.",
    holds=(
        Held(users, "created_at"),
        Held(identities, "added_at"),
        Held(
            data_keys,
            "created_at",
            {"wrapped": "a key of this oO", "kek_id": "a key of this oO"},
            returns=False,
        ),
    ),
    kept=lambda retention: "until you delete your account",
)
