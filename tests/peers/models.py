"""Stand-ins for servers of language models: OpenAI's chat completions and Ollama's chat.

They behave as the vendors document it, errors included, and answer with lines that the request's
own JSON schema offers, so that a model which picks among lines is really at work.
"""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

MODEL = "stand-in"


def first_offer(schema: dict[str, Any], messages: list[dict[str, Any]]) -> str:
    """An answer of the form: the first of each choice."""
    tip = schema["properties"]["tips"]["items"]["properties"]
    made = {
        "task_id": tip["task_id"].get("enum", [None])[0],
        "kind": tip["kind"]["enum"][0],
        "content": tip["content"].get("enum", ["Breathe."])[0],
        "confidence": 0.8,
    }
    return json.dumps({"tips": [made]})


@dataclass
class ModelServer:
    """One model. Tests read what it was sent, and set how it fails."""

    write: Callable[[dict[str, Any], list[dict[str, Any]]], str] = first_offer
    fails: deque[Response] = field(default_factory=deque)
    sent: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    parents: list[str | None] = field(default_factory=list)  # W3C's traceparent

    @property
    def app(self) -> Starlette:
        """The server."""
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self._openai, methods=["POST"]),
                Route("/api/chat", self._ollama, methods=["POST"]),
            ]
        )

    async def _openai(self, request: Request) -> Response:
        body = await self._take(request)
        if self.fails:
            return self.fails.popleft()
        if body["model"] != MODEL:
            return openai_error(
                404, f"The model `{body['model']}` does not exist", "model_not_found"
            )
        text = self.write(body["response_format"]["json_schema"]["schema"], body["messages"])
        said = {"role": "assistant", "content": text, "refusal": None}
        return JSONResponse(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1_790_000_000,
                "model": MODEL,
                "choices": [
                    {"index": 0, "message": said, "logprobs": None, "finish_reason": "stop"}
                ],
                "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
            }
        )

    async def _ollama(self, request: Request) -> Response:
        body = await self._take(request)
        if self.fails:
            return self.fails.popleft()
        if body["model"] != MODEL:
            return JSONResponse({"error": f'model "{body["model"]}" not found'}, 404)
        return JSONResponse(
            {
                "model": MODEL,
                "created_at": "2026-11-26T09:00:00.000000Z",
                "message": {
                    "role": "assistant",
                    "content": self.write(body["format"], body["messages"]),
                },
                "done": True,
                "done_reason": "stop",
                "total_duration": 5_000_000,
                "load_duration": 1_000_000,
                "prompt_eval_count": 100,
                "prompt_eval_duration": 2_000_000,
                "eval_count": 20,
                "eval_duration": 2_000_000,
            }
        )

    async def _take(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = await request.json()
        self.sent.append(body)
        self.parents.append(request.headers.get("traceparent"))
        self.keys.append(request.headers.get("authorization"))
        return body


def openai_error(
    status: int, message: str, code: str, headers: dict[str, str] | None = None
) -> Response:
    """An error as OpenAI's API gives it."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return JSONResponse({"error": error}, status, headers)
