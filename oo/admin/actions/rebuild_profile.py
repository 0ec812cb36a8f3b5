"""Compute a person's profile from their log, now."""

from oo.admin.action import ConsoleAction, Done, Order, Subject
from oo.admin.subjects import person_of
from oo.store import kept_profiles
from oo.store.audit import Facts


async def rebuild(order: Order) -> Done:
    """The kept profile is replaced; requests use it from the next one on."""
    parts = order.parts
    async with parts.db.read() as connection:
        await person_of(connection, order.whom)
        kept = (await kept_profiles.load(connection, [order.whom])).get(order.whom)
    fresh = await parts.profiles.rebuild(order.whom)
    before: Facts = {}
    if kept is not None:
        before = {"computed_at": kept.computed_at.isoformat(), "user_seq": kept.user_seq}
        before = {**before, **{name: round(value, 4) for name, value in kept.values.items()}}
    after: Facts = {"computed_at": fresh.computed_at.isoformat(), "user_seq": fresh.user_seq}
    after = {**after, **{name: round(value, 4) for name, value in fresh.values.items()}}
    return Done("The profile is rebuilt.", before, after)


ACTION = ConsoleAction(
    name="rebuild-profile",
    title="Rebuild the profile",
    words="The numbers that sum up their last 30 days are computed anew from the log.",
    subject=Subject.PERSON,
    leads_to="/admin/people/{}",
    beside=rebuild,
)
