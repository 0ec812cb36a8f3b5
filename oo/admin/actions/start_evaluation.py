"""Evaluate policies on the decision log, as soon as it is its turn."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from oo.admin.action import ConsoleAction, Done, Form, Order, Subject
from oo.admin.waiting import listed, room_for_one
from oo.mlops.asked_runs import Asked, evaluation_of
from oo.store import simulations
from oo.store.audit import Facts


class EvaluationForm(Form):
    """Which policies, on how many days of the log, in comparison with which, divided by what."""

    policies: Annotated[list[str], BeforeValidator(listed)] = Field(min_length=1, max_length=6)
    against: str = Field("", max_length=120)
    by: Literal["", "model", "prompt", "kind", "hour", "cohort"] = ""
    days: int = Field(30, ge=1, le=365)


async def start(order: Order) -> Done:
    """It waits for its turn in the store. Raises BadRequest for a policy that there is not, and
    Conflict when enough waits.
    """
    form = order.filled(EvaluationForm)
    asked = Asked((*form.policies,), form.against, form.by, form.days)
    run = await evaluation_of(order.parts.db, asked, order.parts.clock)
    async with order.parts.db.write() as connection:
        await room_for_one(connection)
        await simulations.ask(connection, run)
    after: Facts = {"run": run.id, "policies": ",".join(form.policies), "days": form.days}
    return Done(f"{run.name} runs when it is its turn.", {}, after)


ACTION = ConsoleAction(
    name="start-evaluation",
    title="Evaluate on the log",
    words="Policies are replayed on logged decisions, in a process behind all others.",
    subject=Subject.RUN,
    leads_to="/admin/simulations",
    beside=start,
    audited_as="evaluation.start",
    form=EvaluationForm,
)
