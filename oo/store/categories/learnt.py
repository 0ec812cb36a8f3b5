"""What was learnt of the person, and the reactions that it was learnt from."""

from oo.store import history
from oo.store.category import Category, Held
from oo.store.tables import feedback, user_models

CATEGORY = Category(
    name="learnt",
    title="What was learnt",
    words="How you reacted, as numbers, and the sums that these make up. No words of tips.",
    holds=(Held(feedback, "created_at"), Held(user_models, "updated_at")),
    kept=lambda retention: "until you erase it or delete your account",
    erase=history.forget_learnt,
    erased="oO begins to learn from you anew.",
)
