"""The models behind the aliases: how they are, what they did and what that cost (E9)."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from ml.generation.settings import Budgets, load_settings
from ml.generation.states import STATES, States, Told
from oo.domain.model_calls import Outcome, Place, Spent, quantile
from oo.kit.errors import NotFound
from oo.kit.settings import Settings
from oo.store import model_calls, users
from oo.store.database import Database
from oo.store.model_calls import Sums

MODELS = Path(__file__).parents[2] / "configs" / "models.yaml"


class ModelRow(NamedTuple):
    """An alias with its model: `failures` by kind; `refused` is the share of its tips."""

    alias: str
    model: str
    place: Place
    state: str | None
    why: str | None
    until: datetime | None
    calls: int
    failures: dict[str, int]
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    p50_s: float | None
    p95_s: float | None
    refused: float | None
    tokens_left: int | None
    usd_left: float | None


class Use(NamedTuple):
    """Which calls are asked for, and the states of the running oO if one runs."""

    days: int
    user_id: str | None
    states: States


def states(settings: Settings, is_running: bool) -> States:
    """Of the running oO; of the settings where none runs here."""
    file = settings.data_dir / STATES
    if is_running and file.exists():
        return States.model_validate_json(file.read_text("utf-8"))
    return States.of_settings(load_settings(MODELS, settings.llm))


async def table(db: Database, use: Use, now: datetime) -> list[ModelRow]:
    """A row for each alias and, of former times, for each model that answered to one.

    Raises NotFound for a person that there is not.
    """
    since = now - timedelta(days=use.days)
    async with db.read() as connection:
        if use.user_id is None:
            found = await model_calls.of_everybody(connection, since)
            spent = Spent(usd=await model_calls.usd_spent(connection, now))
        else:
            if await users.get(connection, use.user_id) is None:
                raise NotFound("There is no such person.")
            found = await model_calls.of_person(connection, use.user_id, since)
            spent = await model_calls.spent(connection, use.user_id, now)
    told = {(one.alias, one.model): one for one in use.states.aliases}
    names = dict.fromkeys([*told, *((one.alias, one.model) for one in found)])
    rows = []
    for alias, model in names:
        mine = [one for one in found if (one.alias, one.model) == (alias, model)]
        one = told.get((alias, model)) or Told(
            alias=alias, model=model, place=Place(mine[0].place), state=None, why="no longer asked"
        )
        rows.append(_row(one, mine, use.states.budgets, spent, use.user_id is not None))
    return rows


def _row(told: Told, mine: list[Sums], budgets: Budgets, spent: Spent, of_one: bool) -> ModelRow:
    answered = [one for one in mine if one.outcome == Outcome.ANSWERED]
    failures: Counter[str] = Counter()
    for one in mine:
        if one.outcome != Outcome.ANSWERED:
            failures[one.outcome] += one.calls
    buckets = [sum(column) for column in zip(*(one.buckets for one in answered), strict=True)]
    accepted, refused = _total(answered, "accepted"), _total(answered, "refused")
    tokens = budgets.tokens(told.place) if of_one else None
    usd = budgets.cloud_usd if told.place is Place.CLOUD else None
    return ModelRow(
        alias=told.alias,
        model=told.model,
        place=told.place,
        state=told.state,
        why=told.why,
        until=told.until,
        calls=int(_total(mine, "calls")),
        failures=dict(failures),
        prompt_tokens=int(_total(mine, "prompt_tokens")),
        completion_tokens=int(_total(mine, "completion_tokens")),
        cost_usd=_total(mine, "cost_usd"),
        p50_s=quantile(buckets, 0.5),
        p95_s=quantile(buckets, 0.95),
        refused=refused / (accepted + refused) if accepted + refused else None,
        tokens_left=None if tokens is None else max(tokens - spent.tokens(told.place), 0),
        usd_left=None if usd is None else max(usd - spent.usd, 0.0),
    )


def _total(rows: Iterable[Sums], name: str) -> float:
    return float(sum(getattr(one, name) for one in rows))
