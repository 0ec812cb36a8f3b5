"""Work in a process of its own, behind all others, that ends with whoever asked for it.

Who asks holds the standard input of the process: it ends when that is closed, as it is when the
asker is killed. What it prints goes to the log; its answer is one line of JSON.
"""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import IO, Any, NamedTuple

from oo.kit.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    OoError,
    Unavailable,
)
from oo.kit.niceness import stay_behind

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
LEFT = 3  # the exit status of one whose asker is gone
MOST_ANSWERED = 64 * 1024 * 1024
PROBLEMS: Mapping[str, type[OoError]] = {
    kind.code: kind for kind in (BadRequest, Forbidden, NotFound, Conflict, Unavailable)
}


class Part(NamedTuple):
    """How far some work is, in whatever it counts by."""

    done: float
    of: float


Tell = Callable[[Part], None]


async def aside(
    module: str, order: Mapping[str, Any], within_s: float, tell: Tell | None = None
) -> Any:
    """What `module`, run as a program that calls :func:`answering`, answers to the order.

    `tell` is called with what it tells on the way. Raises the business error that it met, and
    Unavailable if it broke off or took too long. It is ended when the caller is cancelled. Order
    and answer are what JSON can say.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **THREADS},
        limit=MOST_ANSWERED,
    )
    try:
        async with asyncio.timeout(within_s):
            told = await _told(process, json.dumps(order).encode(), tell)
    except TimeoutError:
        raise Unavailable(f"It was broken off after {within_s:.0f} s.") from None
    except (BrokenPipeError, ConnectionResetError):
        told = None
    finally:
        await _ended(process)
    if told is None:
        raise Unavailable("The process that was to do it has ended; the log says why.")
    return _answered(told)


def answering(work: Callable[[dict[str, Any], Tell], Any]) -> None:
    """The main function of such a module: take the order, do the work, tell of it, and answer."""
    stay_behind()
    order = json.loads(sys.stdin.buffer.readline())
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries print; none of it is the answer
    threading.Thread(target=_end_when_left, args=(sys.stdin.buffer,), daemon=True).start()

    def say(told: dict[str, Any]) -> None:
        answer.write(json.dumps(told).encode() + b"\n")
        answer.flush()

    try:
        say({"found": work(order, lambda part: say({"part": part}))})
    except OoError as error:
        say({"problem": {"code": _code(error), "detail": error.detail}})


def _answered(told: dict[str, Any]) -> Any:
    if "problem" not in told:
        return told["found"]
    problem = told["problem"]
    raise PROBLEMS.get(problem["code"], Unavailable)(problem["detail"])


def _code(error: OoError) -> str:
    """The code of the kind of error that the asker knows."""
    return next((code for code, kind in PROBLEMS.items() if isinstance(error, kind)), "unavailable")


def _end_when_left(held: IO[bytes]) -> None:
    held.read()
    os._exit(LEFT)


async def _told(
    process: asyncio.subprocess.Process, order: bytes, tell: Tell | None
) -> dict[str, Any] | None:
    if process.stdin is None or process.stdout is None:
        return None  # never: both were asked for
    process.stdin.write(order + b"\n")
    await process.stdin.drain()
    while line := await process.stdout.readline():
        told: dict[str, Any] = json.loads(line)
        if "part" not in told:
            return told
        if tell is not None:
            tell(Part(*told["part"]))
    return None


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
