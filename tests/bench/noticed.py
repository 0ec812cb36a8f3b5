"""What people noticed while something happened to oO, and what its store says afterwards."""

import asyncio
import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import httpx2
from sqlalchemy import text

from oo.store.database import Database
from tests.faults.steady import Steady

LIST = "\n".join(f"- [ ] Prepare chapter {number} of the report" for number in range(60))
QUIET_S = 10.0  # of calm, before it is over
BACK_WITHIN_S = 150.0  # on a busy machine
WAITED_FOR = {"ingress", "store", "bandit", "assembler"}  # no request waits for the others
BEHIND = {"generator", "jobs"}  # at a low priority: on a busy machine they come late


@dataclass(frozen=True)
class Phase:
    """What people noticed of one thing that happened; seconds."""

    name: str
    words: str
    asked: int
    failed: int
    answered: float
    said: str
    failing_s: float  # from what happened to the last request that failed
    back_s: float  # until every part that requests wait for was ready
    behind_s: float | None  # until the others were; None if not by the end of the phase
    p50_s: float
    p99_s: float
    slowest_s: float
    load: float  # of the machine, all other work included


@dataclass(frozen=True)
class Checked:
    """What the store says at the end."""

    acknowledged: int
    missing: int
    doubled: int
    gaps: int
    given_up: int
    late_s: float
    replay: str
    shown_by_chance: int

    @property
    def is_whole(self) -> bool:
        """Whether all that was acknowledged is there once, and every model equals its log."""
        found = (self.missing, self.doubled, self.gaps)
        return found == (0, 0, 0) and " 0 different, " in self.replay


class Ready(NamedTuple):
    """After how many seconds what people wait for was ready, and what works ahead of need."""

    waited_for: float
    behind: float | None


def say(words: str) -> None:
    """Progress, to stderr."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {words}\n")
    sys.stderr.flush()


def hand_in(url: str, cookies: Iterable[str]) -> None:
    """These people hand in a list each, and ask for a first tip."""
    with httpx2.Client(base_url=url, timeout=60) as client:
        for cookie in cookies:
            own = {"Cookie": f"sid={cookie}"}
            answer = client.post(
                "/api/sources/file/import",
                content=LIST,
                headers={"Content-Type": "text/csv", **own},
            )
            answer.raise_for_status()
            client.post("/recommend", json={}, headers=own)


def phase(
    name: str,
    words: str,
    load: Steady,
    happens: Callable[[], None],
    ready: Callable[[float], Ready],
    tell: Callable[[str], None] = say,
) -> Phase:
    """Have it happen while people ask, wait until all is `ready` since then, and say all of it."""
    tell(words)
    since = time.monotonic()
    happens()
    back = ready(since)
    _wait_until_well(load)
    found = load.between(since, time.monotonic())
    tell(f"  {found.asked} asked, {found.failed} failed, ready after {back.waited_for:.1f} s")
    if found.failed:
        tell(f"  the last one after {found.well_after(since):.1f} s; {found.said()}")
    return Phase(
        name,
        words,
        found.asked,
        found.failed,
        found.share,
        found.said(),
        found.well_after(since),
        *back,
        found.percentile(0.5),
        found.percentile(0.99),
        found.slowest_s,
        os.getloadavg()[0],
    )


def wait_until_ready(
    ports: Sequence[int],
    within_s: float = BACK_WITHIN_S,
    since: float | None = None,
    parts: Collection[str] = frozenset(WAITED_FOR),
    at_least: int | None = None,
) -> Ready:
    """Seconds from `since` until the oO at every port said that these parts are ready, for good.

    With `at_least` so many of them do: a host to spare has nothing that answers.

    Parts are looked at every two seconds, so that one that has just died passes for ready.
    """
    begun = time.monotonic() if since is None else since
    end = time.monotonic() + within_s
    well_since, behind_since, said = 0.0, 0.0, list[dict[str, str]]()
    while time.monotonic() < end:
        now, said = time.monotonic(), [_parts(it) for it in ports]
        wanted = len(ports) if at_least is None else at_least
        well_since = (well_since or now) if _ready(said, parts) >= wanted else 0.0
        behind_since = (behind_since or now) if _ready(said, BEHIND) >= wanted else 0.0
        if well_since and now - well_since > QUIET_S:
            return Ready(well_since - begun, behind_since - begun if behind_since else None)
        time.sleep(0.25)
    raise RuntimeError(f"not ready in {within_s} s: {said}")


def check(url: str, load: Steady, replay: Callable[[], str], within_s: float = 60.0) -> Checked:
    """Whether the store has what was acknowledged, once each, and equals its log.

    Models have `within_s` to catch up with it.
    """
    end = time.monotonic() + within_s
    said = replay()
    while " 0 behind" not in said and time.monotonic() < end:
        time.sleep(2)
        said = replay()
    rows, chance = asyncio.run(_rows(url)), asyncio.run(by_chance(url))
    mine = [it for it in rows if it[2] in load.keys]
    kept = {key: seq for _, seq, key in mine}
    missing = sum(kept.get(key) != seq for key, (_, seq) in load.acknowledged.items())
    by_person: dict[str, list[int]] = {}
    for person, seq, _ in rows:
        by_person.setdefault(person, []).append(seq)
    gaps = sum(sorted(it) != list(range(1, len(it) + 1)) for it in by_person.values())
    doubled = len(mine) - len(kept)
    return Checked(
        len(load.acknowledged), missing, doubled, gaps, load.given_up, load.late_s, said, chance
    )


def print_all(phases: Sequence[Phase], checked: Checked, file: Path | None = None) -> None:
    """As docs/benchmarks.md has it; the figures go to a file as well, if one is given."""
    lines = [
        "| What happens | Asked | Failed | Answered | Last failure after | Ready after"
        " | Behind | p50 ms | p99 ms | Slowest s | Load |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for it in phases:
        behind = "later" if it.behind_s is None else f"{it.behind_s:.1f} s"
        noticed = f"{it.failing_s:.1f} s, {it.said}" if it.failing_s else "none"
        lines.append(
            f"| {it.words} | {it.asked} | {it.failed} | {100 * it.answered:.2f} % | {noticed}"
            f" | {it.back_s:.1f} s | {behind} | {1000 * it.p50_s:.0f} | {1000 * it.p99_s:.0f}"
            f" | {it.slowest_s:.1f} | {it.load:.1f} |"
        )
    lines += [
        "",
        f"{checked.acknowledged} reactions acknowledged: {checked.missing} missing,"
        f" {checked.doubled} doubled, {checked.gaps} people with gaps in their numbers;"
        f" {checked.given_up} requests given up after four tries; {checked.shown_by_chance} tips by"
        f" chance; the load itself was {checked.late_s:.2f} s late at the most.",
        checked.replay,
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    if file:
        figures = {"phases": [asdict(it) for it in phases], "store": asdict(checked)}
        file.write_text(json.dumps(figures, indent=1) + "\n")


def _wait_until_well(load: Steady) -> None:
    """Until nothing has failed for a while."""
    end = time.monotonic() + BACK_WITHIN_S
    while time.monotonic() < end:
        time.sleep(0.5)
        recent = load.between(time.monotonic() - QUIET_S, time.monotonic())
        if recent and not recent.failed:
            return


def _parts(port: int) -> dict[str, str]:
    """How the parts of the oO at the port are; nothing where it does not answer."""
    try:
        address = f"http://127.0.0.1:{port}/health/parts"
        with urllib.request.urlopen(address, timeout=3) as answer:
            parts: dict[str, str] = json.load(answer)
            return parts
    except (OSError, ValueError):
        return {}


def _ready(said: Sequence[Mapping[str, str]], parts: Collection[str]) -> int:
    """How many say that these parts are ready."""
    return sum(all(it.get(part) == "ready" for part in parts) for it in said)


async def by_chance(url: str) -> int:
    """How many tips no policy picked, because ranking failed or was late."""
    db = Database(url)
    try:
        async with db.read() as connection:
            query = "SELECT count(*) FROM tip_scores WHERE degraded IS NOT NULL"
            return int(await connection.scalar(text(query)) or 0)
    finally:
        await db.close()


async def _rows(url: str) -> list[tuple[str, int, str]]:
    db = Database(url)
    try:
        async with db.read() as connection:
            query = "SELECT user_id, user_seq, idempotency_key FROM feedback"
            found = await connection.execute(text(query))
            return [(str(it[0]), int(it[1]), str(it[2])) for it in found]
    finally:
        await db.close()
