"""Calls of models in traces, by OpenTelemetry's conventions for them (`gen_ai.*`): no words."""

from ml.generation.completion import Completion, CompletionRequest
from ml.generation.settings import Alias
from oo.kit import tracing


def traced(name: str, alias: Alias, request: CompletionRequest) -> tracing.Live:
    """The span of one call of the model behind the alias `name`."""
    if not tracing.is_on():
        return tracing.NOTHING
    provider, _, model = alias.model.partition("/")
    about: dict[str, tracing.Value] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model,
        "gen_ai.request.choice.count": len(request.forms),
        "gen_ai.request.max_tokens": request.max_tokens,
        "gen_ai.request.temperature": request.temperature,
        "gen_ai.request.top_p": request.top_p,
        "oo.alias": name,
    }
    return tracing.span(f"chat {model}", tracing.CLIENT, about)


def headers_of(alias: Alias) -> dict[str, dict[str, str]]:
    """The argument that has a server of the operator's own go on with the trace; no cloud's."""
    header = "" if alias.is_own or alias.is_cloud else tracing.traceparent()
    return {"extra_headers": {"traceparent": header}} if header else {}


def told(span: tracing.Live, completion: Completion) -> None:
    """What its answer took."""
    span.set("gen_ai.usage.input_tokens", completion.prompt_tokens)
    span.set("gen_ai.usage.output_tokens", completion.completion_tokens)
