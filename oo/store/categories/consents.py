"""What the person allowed."""

from oo.store.category import Category, Held
from oo.store.tables import consents

CATEGORY = Category(
    name="consents",
    title="What you allowed",
    words="What you agreed to and what you took back, with when and where.",
    holds=(Held(consents, "at"),),
    kept=lambda retention: "until you delete your account",
)
