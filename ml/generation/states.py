"""How the aliases of the running oO are, in a file of the data folder, for `oo models`."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Self

from pydantic import BaseModel

from ml.generation.settings import Alias, Budgets, ModelSettings
from oo.domain.model_calls import Place

STATES = "models.states"


class State(StrEnum):
    """Whether an alias is asked."""

    READY = "ready"
    RESTING = "resting"  # its provider has said when to come back
    OPEN = "circuit open"  # it failed several times in a row
    BARRED = "not asked"  # for nobody: it has no key, no known price or no budget


class AliasState(NamedTuple):
    """How an alias is: why nobody's calls go there, or until when it is left alone, if at all."""

    name: str
    alias: Alias
    barred: str | None
    rests_until: datetime | None
    is_open: bool


class Told(BaseModel):
    """One alias, as it is told."""

    alias: str
    model: str
    place: Place
    state: State | None  # not known while oO does not run
    why: str | None = None
    until: datetime | None = None


class States(BaseModel):
    """All of them, with the budgets that are in force."""

    budgets: Budgets
    aliases: list[Told]

    @classmethod
    def of_settings(cls, settings: ModelSettings) -> Self:
        """What the settings alone tell."""
        told = [
            Told(alias=name, model=one.model, place=one.place, state=None)
            for name, one in settings.aliases.items()
        ]
        return cls(budgets=settings.budgets, aliases=told)


def tell(file: Path, budgets: Budgets, states: Sequence[AliasState]) -> None:
    """Write them down, if they have changed."""
    body = States(budgets=budgets, aliases=[_told(one) for one in states]).model_dump_json()
    try:
        if file.exists() and file.read_text("utf-8") == body:
            return
        made = file.with_suffix(".new")
        made.write_text(body, "utf-8")
        made.replace(file)
    except OSError:  # a full disk stops no tip
        return


def _told(one: AliasState) -> Told:
    state = State.READY
    if one.barred:
        state = State.BARRED
    elif one.rests_until:
        state = State.OPEN if one.is_open else State.RESTING
    until = one.rests_until.replace(microsecond=0) if one.rests_until else None
    return Told(
        alias=one.name,
        model=one.alias.model,
        place=one.alias.place,
        state=state,
        why=one.barred,
        until=until,
    )
