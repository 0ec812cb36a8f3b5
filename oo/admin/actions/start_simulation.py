"""Compare policies on simulated people, as soon as it is its turn."""

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.admin.action import ConsoleAction, Done, Form, Order, Subject
from oo.admin.waiting import listed, room_for_one
from oo.mlops.asked_runs import World, simulation_of
from oo.store import simulations
from oo.store.audit import Facts

MOST_DECISIONS = 2_000_000  # minutes for most policies


class SimulationForm(Form):
    """How many people, for how long, under which policies."""

    policies: Annotated[list[str], BeforeValidator(listed)] = Field(min_length=1, max_length=6)
    people: int = Field(200, ge=2, le=2000)
    days: int = Field(30, ge=1, le=90)
    decisions: int = Field(4, ge=1, le=10, description="Tips per person and day")
    seeds: int = Field(1, ge=1, le=5, description="Populations")
    seed: int = Field(7, ge=0, le=2**31 - 1)
    heterogeneity: float = Field(1.0, ge=0, le=5, allow_inf_nan=False)

    @property
    def size(self) -> int:
        """How many decisions are made in all."""
        return self.people * self.days * self.decisions * self.seeds * len(self.policies)

    @model_validator(mode="after")
    def _bounded(self) -> "SimulationForm":
        if self.size > MOST_DECISIONS:
            raise ValueError(f"that is {self.size} decisions; at most {MOST_DECISIONS} here")
        return self


async def start(order: Order, connection: AsyncConnection) -> Done:
    """It waits for its turn in the store. Raises BadRequest for a policy that there is not, and
    Conflict when enough waits.
    """
    form = order.filled(SimulationForm)
    await room_for_one(connection)
    run = simulation_of(
        World(**form.model_dump() | {"policies": (*form.policies,)}), order.parts.clock
    )
    await simulations.ask(connection, run)
    after: Facts = {"run": run.id, "policies": ",".join(form.policies), "decisions": form.size}
    return Done(f"{run.name} runs when it is its turn.", {}, after)


ACTION = ConsoleAction(
    name="start-simulation",
    title="Start a simulation",
    words="Policies live with the same simulated people, in a process behind all others.",
    subject=Subject.RUN,
    leads_to="/admin/simulations",
    within=start,
    audited_as="simulation.start",
    form=SimulationForm,
)
