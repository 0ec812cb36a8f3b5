"""End a simulation or an evaluation that waits or runs."""

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.admin.action import ConsoleAction, Done, Order, Subject
from oo.kit.errors import Conflict, NotFound
from oo.store import simulations
from oo.store.simulations import ASKED, CANCELLED


async def cancel(order: Order, connection: AsyncConnection) -> Done:
    """Its process ends within seconds. Raises NotFound for one that there is not, Conflict for one
    that has ended or was started in a terminal.
    """
    run = await simulations.find(connection, order.whom) if order.whom.isalnum() else None
    if run is None:
        raise NotFound("There is no such run.")
    if ASKED not in run.config:
        raise Conflict("It was started in a terminal, and ends there.")
    why = f"Cancelled: {order.reason}"
    if not await simulations.end(connection, run.id, CANCELLED, order.at, why[:500]):
        raise Conflict(f"It has ended already: {run.status}.")
    return Done(f"{run.name} is cancelled.", {"status": run.status}, {"status": CANCELLED})


ACTION = ConsoleAction(
    name="cancel-run",
    title="Cancel",
    words="Its process ends within seconds; there will be no result.",
    subject=Subject.RUN,
    leads_to="/admin/simulations",
    within=cancel,
)
