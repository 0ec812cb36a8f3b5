"""Have one consumer go through one event again."""

from oo.admin.action import ConsoleAction, Done, Order, Subject
from oo.kit.errors import NotFound


async def replay(order: Order) -> Done:
    """The consumer is named by `what`. Raises NotFound without such an event or consumer."""
    if not order.whom.isdecimal() or len(order.whom) > 18:
        raise NotFound("There is no such event.")
    asked = await order.parts.replays.ask(
        order.actor, order.what, int(order.whom), None, order.reason
    )
    before = asked.hearing.value if asked.hearing else None
    return Done(
        f"{asked.consumer} goes through event {asked.first} again within seconds.",
        {"consumer": asked.consumer, "event": before},
        {"consumer": asked.consumer, "event": "asked again"},
    )


ACTION = ConsoleAction(
    name="replay-event",
    title="Replay",
    words="This consumer gets the event once more, within seconds, where it runs.",
    subject=Subject.EVENT,
    leads_to="/admin/live/{}",
    beside=replay,
    logged=False,
)
