"""The JSON API of the tip: `POST /recommend` and `POST /feedback`."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from oo.domain.rewards import Action
from oo.domain.tips import TipKind
from oo.kit import tracing
from oo.kit.errors import BadRequest, Conflict, Malformed, NotFound
from oo.kit.invalid import in_words
from oo.recommend.deciding import Account, Served
from oo.recommend.reactions import ReactionRequest
from oo.recommend.recommender import Nothing
from oo.web.auth import person, refuse_early
from oo.web.fast_routes import At
from oo.web.openapi import PERSONAL, Link, answers, links
from oo.web.problems import NO_NUL
from oo.web.rates import Cost, Rates
from oo.web.services import Services, services

router = APIRouter(tags=["tip"])

MAX_KEY = 200
MAX_DWELL_MS = 7 * 24 * 3600 * 1000
Model = TypeVar("Model", bound=BaseModel)


class Tip(BaseModel):
    """The one tip. `confidence` lies in [0, 1]; `task` is the id of the task that it speaks of.

    `about` is the title of that task where `content` does not hold it, to be shown beside it.
    """

    id: str
    content: str
    kind: TipKind
    source: str
    model: str
    prompt_version: str
    confidence: float
    task: str | None
    about: str | None
    policy: str


class Recommendation(BaseModel):
    """A tip, or none and why: ``nothing_connected`` or ``all_clear``."""

    tip: Tip | None
    reason: str | None = None


class Feedback(BaseModel):
    """A reaction to a tip; `dwell_ms` is how long it was visible, in milliseconds."""

    model_config = ConfigDict(extra="forbid")

    tip_id: Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")]
    action: Action
    dwell_ms: Annotated[int, Field(strict=True, ge=0, le=MAX_DWELL_MS)]


class FeedbackAnswer(BaseModel):
    """What was recorded. The same request with the same key always gets the same answer.

    `late` reactions are kept but not learnt from. `seq` counts the person's reactions.
    """

    tip_id: str
    action: Action
    reward: float
    seq: int
    late: bool


TIP = "$response.body#/tip/id"
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Names the reaction: the same key always gets the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY},
}


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """What the OpenAPI document says of a body that :func:`parse` reads."""
    schema = model.model_json_schema(ref_template="{model}")
    whole = _written_out(schema, schema.pop("$defs", {}))
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": whole}}}}


def _written_out(schema: Any, parts: Mapping[str, Any]) -> Any:
    """The schema with its parts in place: the document has components of its own routes alone."""
    if isinstance(schema, list):
        return [_written_out(one, parts) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _written_out(parts[schema["$ref"]], parts)
    return {name: _written_out(value, parts) for name, value in schema.items()}


@router.post(
    "/recommend",
    response_model=Recommendation,
    responses=answers(*PERSONAL)
    | links(
        200,
        seen=Link("post", "/api/tips/{tip_id}/seen", {"tip_id": TIP}),
        why=Link("get", "/api/tips/{tip_id}/why", {"tip_id": TIP}),
        react=Link("post", "/feedback", body={"tip_id": TIP}),
    ),
)
async def recommend(request: Request) -> Response:
    """Decide on one tip for the signed-in person."""
    refuse_early(request, Cost.TIP)
    with ExitStack() as under_way:
        answer = await services(request).recommender.answer(lambda: _account(request, under_way))
    return _json(_told(answer))


async def _account(request: Request, under_way: ExitStack) -> Account:
    """Who asks; their request counts among those under way until the stack is closed."""
    session = await person(request, Cost.TIP)
    rates: Rates = request.app.state.rates
    under_way.enter_context(rates.one_more(session.user_id))
    return Account(
        session.user_id,
        session.user_seq,
        session.pool_version,
        session.timezone,
        session.past_version,
    )


def _told(answer: Served | Nothing) -> dict[str, Any]:
    if isinstance(answer, Nothing):
        return {"tip": None, "reason": answer.reason}
    candidate = answer.candidate
    return {
        "tip": {
            "id": answer.decision.id,
            "content": candidate.content,
            "kind": candidate.kind.value,
            "source": candidate.source,
            "model": candidate.model,
            "prompt_version": candidate.prompt_version,
            "confidence": candidate.confidence,
            "task": candidate.task_id,
            "about": candidate.about,
            "policy": answer.decision.policy,
        },
        "reason": None,
    }


@router.post(
    "/feedback",
    response_model=FeedbackAnswer,
    responses=answers(BadRequest, *PERSONAL, NotFound, Conflict, Malformed)
    | links(200, next=Link("post", "/recommend")),
    openapi_extra={**body_of(Feedback), "parameters": [KEY]},
)
async def feedback(request: Request) -> Response:
    """Record a reaction exactly once; needs an `Idempotency-Key` header (1 to 200 characters)."""
    parts = services(request)
    with tracing.span("door"):
        session = await person(request, Cost.TIP)
    key = request.headers.get("idempotency-key", "")
    if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        raise BadRequest("Send an Idempotency-Key header of 1 to 200 printable characters.")
    body = await parse(request, Feedback)
    rates: Rates = request.app.state.rates
    with rates.one_more(session.user_id), tracing.span("reaction"):
        answer = await parts.reactions.accept(
            ReactionRequest(session.user_id, body.tip_id, body.action, body.dwell_ms, key)
        )
    if answer.fresh:
        _follow_up(parts, session.user_id, answer.user_seq)
    return _json(
        {
            "tip_id": answer.tip_id,
            "action": answer.action.value,
            "reward": answer.reward,
            "seq": answer.user_seq,
            "late": answer.late,
        }
    )


BUSIEST = {At("POST", "/recommend"): recommend, At("POST", "/feedback"): feedback}


async def parse(request: Request, model: type[Model]) -> Model:
    """The JSON body as `model`; raises Malformed. NaN and infinities are no JSON (RFC 8259), and a
    NUL is no text that could be kept.
    """
    try:
        raw = await request.body()
        given = orjson.loads(raw)
        if b"\\u0000" in raw and _holds_nul(given):
            raise Malformed(NO_NUL)
        return model.model_validate(given)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: {error}") from error
    except ValidationError as error:
        raise Malformed(in_words(error.errors(), "body")) from error


def _holds_nul(given: Any) -> bool:
    """Whether any text in what a JSON body says holds a NUL."""
    left = [given]
    while left:
        one = left.pop()
        if isinstance(one, str) and "\0" in one:
            return True
        if isinstance(one, dict):
            left += [*one, *one.values()]
        elif isinstance(one, list):
            left += one
    return False


def _follow_up(parts: Services, user_id: str, user_seq: int) -> None:
    parts.wake(user_id, user_seq)
    parts.refill.behind(user_id)


def _json(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
