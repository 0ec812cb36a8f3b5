"""When the person wants to be spoken to."""

from oo.store.category import Category, Held
from oo.store.tables import attention, delivery_moments

CATEGORY = Category(
    name="delivery-settings",
    title="When oO may speak up",
    words="Your quiet hours and how many tips a day may reach you, and when oO thinks of you next.",
    holds=(Held(attention, "changed_at"), Held(delivery_moments, "hours_at")),
    kept=lambda retention: "until you delete your account",
)
