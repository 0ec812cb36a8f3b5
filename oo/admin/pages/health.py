"""How each part is, what waits, and how fresh the pools are; looks again every 15 seconds."""

from oo.admin.desk import Desk
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Query
from oo.admin.screen import Column, Figure, Kind, Level, Notice, Screen, Table
from oo.domain.health import State
from oo.recommend.freshness import OBJECTIVE
from oo.store.everyone import queues

WORDS = {
    State.READY: "",
    State.WARMING: "It starts; composed lines serve meanwhile.",
    State.RESTING: "It has failed and is left alone for a while.",
    State.SPENT: "Its budget or permission is used up.",
    State.DOWN: "It does not answer.",
}
LOGS = {
    "store": "",
    "ingress": "logs/ingress.log",
    "bandit": "logs/bandit.log",
    "assembler": "logs/assembler.log",
    "generator": "logs/generator.log",
    "jobs": "logs/jobs.log",
    "engine": "run/ray/session_latest/logs",
}


async def read(desk: Desk, query: Query) -> Screen:
    """Parts as this ingress sees them every two seconds; queues as the store has them."""
    states = desk.parts.health.states()
    fresh = await desk.parts.freshness.now()
    async with desk.reading() as connection:
        waiting = await queues.waiting(connection, desk.by)
        behind = await queues.people_behind(connection, desk.by)
    not_ready = [name for name, state in states.items() if state is not State.READY]
    return Screen(
        figures=[
            Figure("Parts ready", len(states) - len(not_ready), f"of {len(states)}"),
            Figure(
                "Pools good",
                fresh.share,
                kind=Kind.SHARE,
                note=f"of {fresh.active} active; {OBJECTIVE:.0%} is the aim",
            ),
            Figure("Median age of pools", fresh.age(0.5) if fresh.ages else None, "s"),
            Figure("Errands that wait", sum(one.errands for one in waiting), to="#queues"),
        ],
        notices=[
            Notice(Level.ACT, f"{name} is {states[name]}", WORDS[states[name]], "#parts")
            for name in sorted(not_ready)
        ],
        tables=[
            Table(
                "parts",
                "Parts",
                (
                    Column("part", "Part"),
                    Column("state", "State", Kind.STATE),
                    Column("words", "What that means"),
                    Column("log", "Its log, in the data folder"),
                ),
                [
                    {
                        "part": name,
                        "state": str(state),
                        "words": WORDS[state],
                        "log": LOGS.get(name, ""),
                    }
                    for name, state in sorted(states.items())
                ],
                "This process watches no part.",
            ),
            Table(
                "queues",
                "What waits",
                (
                    Column("subject", "Errand"),
                    Column("errands", "Waiting", Kind.NUMBER),
                    Column("oldest", "Since", Kind.AGE),
                    Column("attempts", "Most attempts", Kind.NUMBER),
                    Column("error", "Last failure"),
                ),
                [one._asdict() for one in waiting],
                "Nothing waits.",
            ),
            Table(
                "lags",
                "Who is behind",
                (Column("what", "What"), Column("people", "People", Kind.NUMBER)),
                [
                    {"what": "Profiles that lack reactions", "people": behind.profiles},
                    {"what": "Learnt states that lack reactions", "people": behind.models},
                    {"what": "Pools that are to be filled", "people": behind.pools},
                ],
                "",
            ),
        ],
    )


PAGE = ConsolePage(
    "health",
    "Health",
    Group.SYSTEM,
    0,
    "How each part is, and what waits.",
    Query,
    read,
    refresh_s=15,
    has_period=False,
)
