"""Which area or sort of work the list weighs on, and what of it goes together."""

from collections.abc import Iterator, Sequence

from ml.agents.agent import Agent, Source
from ml.insights.insight import Insight, Scene, Work
from ml.insights.kinds.together import SORTS
from oo.domain.claims import Claim, Fact
from oo.domain.tips import TipKind

LEAST = 3  # two of a sort are a pair, and there is a fact for that
ALL = 0.6  # of the list: less is no weight


def think(scene: Scene) -> Iterator[Insight]:
    """The largest sort of work and the largest label, where either is most of the list."""
    if scene.is_night:
        return
    sorts = _grouped(scene, {id(work): _sort(work) for work in scene.works})
    for sort, works in sorts[:1]:
        yield _weighs(f"weighs_{sort}", works, 6.5)
    labels = _grouped(scene, {id(work): work.task.label for work in scene.works})
    for label, works in labels[:1]:
        claims = tuple(work.claim(Fact.LABEL, label) for work in works)
        yield _weighs("same_label", works, 5.4, claims)


def _sort(work: Work) -> str | None:
    known = work.activity if work.is_sure else None
    return known.batch if known is not None and known.batch in SORTS else None


def _grouped(scene: Scene, names: dict[int, str | None]) -> list[tuple[str, list[Work]]]:
    """The groups that weigh enough, the largest first."""
    groups: dict[str, list[Work]] = {}
    for work in scene.works:
        if name := names[id(work)]:
            groups.setdefault(name, []).append(work)
    least = max(LEAST, ALL * len(scene.works))
    heavy = [(name, works) for name, works in groups.items() if len(works) >= least]
    return sorted(heavy, key=lambda group: -len(group[1]))


def _weighs(
    name: str, works: Sequence[Work], weight: float, claims: tuple[Claim, ...] = ()
) -> Insight:
    """The two most pressing of them are named; that the others are still there is claimed."""
    there = tuple(
        claim
        for work in works[2:]
        for claim in (work.claim(Fact.OPEN), work.claim(Fact.TITLE, work.task.title))
    )
    return Insight(
        name,
        works[0],
        weight,
        (*there, *claims),
        TipKind.INSIGHT,
        {"count": len(works)},
        others=(works[1],),
        stands_alone=True,
    )


AGENT = Agent(
    "focus_area",
    (*(f"weighs_{sort}" for sort in SORTS), "same_label"),
    (Source.TASKS, Source.KINDS_OF_WORK),
    70,
    think,
)
