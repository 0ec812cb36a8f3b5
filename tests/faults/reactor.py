"""A border for reactions in a process of its own, so that its system calls can be made to fail.

``python -m tests.faults.reactor ADDRESS``: each line in is a request as JSON, each line out what
became of it.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from oo.domain.rewards import Action
from oo.kit.clock import SystemClock
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.store.failures import store_is_away
from tests.faults.inside import opened
from tests.faults.judging import Ack

ROOT = Path(__file__).parents[2]


class Said(NamedTuple):
    """An answer, or why there was none, and whether that says that the store is away."""

    ack: Ack | None
    error: str = ""
    is_away: bool = False


async def main(address: str) -> None:
    db = opened(address)
    border = Reactions(db, SystemClock())
    print("ready", flush=True)  # noqa: T201 - it is what the pipe is for
    for line in sys.stdin:
        user_id, tip_id, action, dwell_ms, key = json.loads(line)
        request = ReactionRequest(user_id, tip_id, Action(action), dwell_ms, key)
        try:
            answer = await border.accept(request)
        except Exception as error:
            found = [None, repr(error)[:200], store_is_away(error)]
        else:
            found = [[answer.tip_id, answer.user_seq], "", False]
        print(json.dumps(found), flush=True)  # noqa: T201


class Reactor:
    """The process, and what it is asked."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def react(self, request: ReactionRequest) -> Said:
        """Ask once."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        ack, error, is_away = json.loads(self._process.stdout.readline())
        return Said(Ack(*ack) if ack else None, error, is_away)


@contextmanager
def reactor(address: str, around: Sequence[str] = ()) -> Iterator[Reactor]:
    """A running one, started by the command `around` it."""
    process = subprocess.Popen(
        [*around, sys.executable, "-m", "tests.faults.reactor", address],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline(), "it did not start"
        yield Reactor(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()  # strace ends with what it watches
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
