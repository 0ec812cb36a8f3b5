"""Counts events by subject, for Prometheus."""

from oo.domain.events import EventSeen
from oo.events.consumer import Consumer, Handler
from oo.kit.metrics import Counted

EVENTS = Counted("oo_events", "Events told, by their subject", "subject")


def make() -> Handler:
    """A handler that counts."""

    async def handle(event: EventSeen) -> None:
        EVENTS.inc(event.subject)

    return handle


CONSUMER = Consumer(
    "counted",
    "Counts events for `/metrics`.",
    ("signals.>", "feedback.>"),
    make,
    again="It is counted once more in `/metrics`.",
)
