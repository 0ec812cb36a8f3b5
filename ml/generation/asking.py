"""Asking a model many questions of one sort: what judges do through the alias `judge`."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from ml.generation.completion import Completer, CompletionFailedError, CompletionRequest
from oo.kit.errors import Unavailable

AT_ONCE = 8
TRIES = 2

Answer = TypeVar("Answer")


async def judged(
    models: Completer | None,
    requests: Sequence[CompletionRequest],
    parse: Callable[[str], Answer | None],
) -> list[Answer | None]:
    """What `parse` reads in each answer; one more time where it makes no sense, then None.

    Raises Unavailable where the alias has no model, or it does not answer.
    """
    if models is None:
        raise Unavailable("The llm judge needs a model: give the alias `judge` one.")
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(request: CompletionRequest) -> Answer | None:
        async with turn:
            return await _ask(models, request, parse)

    # the first alone: where nobody answers, the others need not be sent and given up
    first = [await one(request) for request in requests[:1]]
    return first + list(await asyncio.gather(*map(one, requests[1:])))


async def _ask(
    models: Completer, request: CompletionRequest, parse: Callable[[str], Answer | None]
) -> Answer | None:
    for _ in range(TRIES):
        try:
            text = (await models.complete(request)).text
        except CompletionFailedError as error:
            raise Unavailable(
                f"The alias `judge` does not answer ({error}); see configs/models.yaml."
            ) from error
        if (answer := parse(text)) is not None:
            return answer
    return None
