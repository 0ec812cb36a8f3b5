"""Traces put together from the spans that the processes of an installation kept."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from oo.kit.errors import NotFound
from oo.kit.trace_files import SpanId, StoredSpan
from oo.kit.tracing import BATCH

TIP = "POST /recommend"
MOST_BEHIND = 4


@dataclass
class Node:
    """A span with what it was made of, in order of time; `is_shared`: done for others as well."""

    span: StoredSpan
    children: "list[Node]" = field(default_factory=list)
    is_shared: bool = False

    def rows(self, depth: int = 0) -> "Iterator[tuple[int, Node]]":
        """This one and all below, each with how deep it stands."""
        yield depth, self
        for child in self.children:
            yield from child.rows(depth + 1)

    @property
    def ended(self) -> int:
        """When the last of it ended: some goes on after the answer."""
        return max((node.span.ended for _, node in self.rows()), default=self.span.ended)


@dataclass(frozen=True)
class Trace:
    """What happened for one request or run, and what was done for it behind it."""

    root: Node
    behind: "Sequence[Trace]" = ()

    @property
    def id(self) -> str:
        """W3C's trace id."""
        return self.root.span.id.trace_id


class Traces:
    """All that was kept."""

    def __init__(self, spans: Sequence[StoredSpan]) -> None:
        self._by_trace = defaultdict[str, list[StoredSpan]](list)
        self._linking = defaultdict[SpanId, list[StoredSpan]](list)
        for span in sorted(spans, key=lambda it: it.began):
            self._by_trace[span.id.trace_id].append(span)
            if not span.parent_id:
                for link in span.links:
                    self._linking[link].append(span)

    def find(self, given: str) -> Trace:
        """By the beginning of its id, or by the number of its request; raises NotFound."""
        for trace_id, spans in self._by_trace.items():
            if trace_id.startswith(given) or any(
                it.attributes.get("oo.request.id") == given for it in spans
            ):
                return self._trace(_root(spans))
        raise NotFound(
            f"No trace {given} was kept. `oo trace --last` shows the newest one of a tip."
        )

    def last(self, name: str = TIP) -> Trace:
        """The newest of that name; raises NotFound."""
        return self._trace(max(self._named(name), key=lambda it: it.began))

    def slowest(self, name: str = TIP) -> Trace:
        """The one of that name that took longest; raises NotFound."""
        return self._trace(max(self._named(name), key=lambda it: it.ended - it.began))

    def _named(self, name: str) -> list[StoredSpan]:
        roots = map(_root, self._by_trace.values())
        found = [root for root in roots if root.name == name]
        if not found:
            raise NotFound(
                f"No trace of {name} was kept. Serve with OO_TRACING__FILE=true, and what is asked"
                " then is kept within a second."
            )
        return found

    def _trace(self, root: StoredSpan, depth: int = 2) -> Trace:
        tree = self._tree(root)
        later = sorted(
            {
                one.id: one
                for _, node in tree.rows()
                for one in self._linking[node.span.id]
                if BATCH not in one.attributes
            }.values(),
            key=lambda it: it.began,
        )
        found = [self._trace(one, depth - 1) for one in later[:MOST_BEHIND]] if depth else []
        return Trace(tree, found)

    def _tree(self, root: StoredSpan) -> Node:
        below = defaultdict[str, list[StoredSpan]](list)
        for span in self._by_trace[root.id.trace_id]:
            below[span.parent_id].append(span)

        def node(span: StoredSpan, *, is_shared: bool = False) -> Node:
            children = [node(it) for it in below[span.id.span_id] if it.id != span.id]
            shared = [it for it in self._linking[span.id] if BATCH in it.attributes]
            for it in shared:
                batch = self._tree(it)
                batch.is_shared = True
                children.append(batch)
            children.sort(key=lambda it: it.span.began)
            return Node(span, children, is_shared)

        return node(root)


def _root(spans: Sequence[StoredSpan]) -> StoredSpan:
    """The first without a parent that was kept; one from outside is not."""
    known = {span.id.span_id for span in spans}
    return next((it for it in spans if it.parent_id not in known), spans[0])


def details(node: Node) -> str:
    """What is worth a word of a span, in words."""
    said, of = [], node.span.attributes
    if status := of.get("http.response.status_code"):
        said.append(str(status))
    if node.is_shared:
        said.append(f"for {of[BATCH]} at once")
    if system := of.get("db.system.name"):
        said.append(str(system))
    if (read := of.get("gen_ai.usage.input_tokens")) is not None:
        said.append(f"{read} tokens read, {of.get('gen_ai.usage.output_tokens')} written")
    for name, word in (("queue", "waited"), ("model_prefill", "read"), ("model_decode", "wrote")):
        if (seconds := of.get(f"gen_ai.latency.time_in_{name}")) is not None:
            said.append(f"{word} {seconds * 1000:.1f} ms")
    if error := of.get("error.type"):
        said.append(str(error))
    return ", ".join(said)
