"""The keys in the person's own devices that open the account."""

from oo.store.category import Category, Held
from oo.store.tables import passkeys

CATEGORY = Category(
    name="passkeys",
    title="Your passkeys",
    words="Their names, and the public half of each key.",
    holds=(Held(passkeys, "created_at", returns=False),),
    kept=lambda retention: "until you remove them",
)
