"""When the person gets things done, and what they wave away, only with enough evidence."""

from collections.abc import Iterator

from ml.agents.agent import Agent, Source
from ml.insights.insight import Insight, Scene
from oo.domain.claims import Claim, Fact, share_value
from oo.domain.context import DayPart
from oo.domain.tips import TipKind

AWAKE = (DayPart.MORNING, DayPart.AFTERNOON, DayPart.EVENING)
ACTS = {part: f"acts_{part.value}" for part in AWAKE}
WAVES = {kind: f"waves_away_{kind.value}" for kind in TipKind}


def think(scene: Scene) -> Iterator[Insight]:
    """That now is their time, where it is; that a kind of tip is unwelcome, where it is."""
    lately = scene.context.lately
    if lately is None:
        return
    done, waved = lately.done_in, lately.waves_away
    if done and done.of == scene.context.daypart and done.of in AWAKE and scene.works:
        claims = (Claim(Fact.DONE_IN, value=share_value(done)),)
        values = {"count": done.number, "of": done.out_of}
        name = ACTS[DayPart(done.of)]
        yield Insight(name, scene.works[0], 6, claims, TipKind.INSIGHT, values)
    if waved:
        claims = (Claim(Fact.WAVES_AWAY, value=share_value(waved)),)
        values = {"count": waved.number, "of": waved.out_of}
        name = WAVES[TipKind(waved.of)]
        yield Insight(name, None, 3, claims, TipKind.INSIGHT, values, stands_alone=True)


AGENT = Agent(
    "recent_patterns",
    (*ACTS.values(), *WAVES.values()),
    (Source.REACTIONS, Source.CLOCK),
    60,
    think,
    for_writers=frozenset(WAVES.values()),
)
