"""A trace as a picture: a waterfall in SVG, which needs nothing beside itself."""

from collections.abc import Iterator
from itertools import pairwise
from xml.sax.saxutils import escape

from oo.cli.traces import Node, Trace, details

WIDTH, LABELS, RIGHT = 1280, 430, 24
ROW, BAR, TOP, HEAD = 21, 13, 30, 64
INDENT, CHAR = 13, 6.3
TICKS = 6
STEPS = (1, 2, 5)
INK, FAINT, LINE, PAGE, WRONG = "#ececec", "#9a9a9a", "#2b2b2e", "#0d0d0f", "#ff7b72"
COLOURS = {
    "ingress": "#79b8ff",
    "bandit": "#ffd479",
    "generator": "#c8a6ff",
    "assembler": "#7ee2b8",
    "engine": "#ff9f6b",
    "jobs": "#b6bcc6",
}
STYLE = (
    "text{font:12px ui-sans-serif,system-ui,'Segoe UI',sans-serif}"
    ".h{font-size:15px;font-weight:600}.n{font-variant-numeric:tabular-nums}"
)


def waterfall(trace: Trace) -> str:
    """The picture as the text of an SVG file."""
    drawn, at = list[str](), 16
    for title, one in _panels(trace):
        panel, height = _panel(one, title, at)
        drawn += panel
        at += height
    body = "\n".join([*drawn, *_legend(trace, at)])
    height = at + 30
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        f' viewBox="0 0 {WIDTH} {height}" role="img">\n<title>{escape(_title(trace))}</title>\n'
        f"<style>{STYLE}</style>\n"
        f'<rect width="{WIDTH}" height="{height}" rx="10" fill="{PAGE}"/>\n{body}\n</svg>\n'
    )


def _title(trace: Trace) -> str:
    return f"Trace of {trace.root.span.name}"


def _panels(trace: Trace) -> "Iterator[tuple[str, Node]]":
    span = trace.root.span
    status = span.attributes.get("http.response.status_code", "")
    yield f"{span.name}  {status}  {_ms(span.ended - span.began)}", trace.root
    for one in trace.behind:
        later = _ms(one.root.span.began - span.began)
        name, took = one.root.span.name, _ms(one.root.ended - one.root.span.began)
        yield f"behind it, {later} later: {name}  {took}", one.root


def _panel(root: Node, title: str, top: int) -> tuple[list[str], int]:
    """One tree on an axis of its own, and how high it is."""
    rows = list(root.rows())
    began, whole = root.span.began, max(root.ended - root.span.began, 1)
    scale = (WIDTH - LABELS - RIGHT) / whole
    first = top + HEAD
    bottom = first + ROW * len(rows)
    drawn = [_text(20, top + 20, title, INK, "h")]
    trace_id = f"trace {root.span.id.trace_id}"
    drawn.append(_text(WIDTH - RIGHT, top + 20, trace_id, FAINT, anchor="end"))
    for ns in _ticks(whole):
        x = LABELS + ns * scale
        drawn.append(f'<path d="M{x:.1f} {first - 8}V{bottom}" stroke="{LINE}"/>')
        drawn.append(_text(x, first - 14, _ms(ns, short=True), FAINT, "n", "middle"))
    for number, (depth, node) in enumerate(rows):
        drawn += _row(node, depth, first + ROW * number, began, scale)
    return drawn, bottom - top + TOP


def _row(node: Node, depth: int, top: int, began: int, scale: float) -> list[str]:
    span, base = node.span, top + 14
    x, width = LABELS + (span.began - began) * scale, max((span.ended - span.began) * scale, 1.5)
    colour = COLOURS.get(span.part, INK)
    look = f'fill="{colour}"' if not node.is_shared else f'fill="none" stroke="{colour}"'
    name = span.name if len(span.name) < 44 else f"{span.name[:43]}…"
    words = details(node)
    said = f"{_ms(span.ended - span.began)}{f' · {words}' if words else ''}"
    ink = WRONG if span.is_error else FAINT
    room = WIDTH - RIGHT - (x + width)
    if room >= len(said) * CHAR + 8:
        told = _text(x + width + 6, base, said, ink, "n")
    elif x - LABELS >= len(said) * CHAR + 8:
        told = _text(x - 6, base, said, ink, "n", "end")
    else:
        told = _text(x + 6, base, said, ink if node.is_shared else PAGE, "n")
    return [
        _text(20 + depth * INDENT, base, name, INK if depth else colour),
        f'<rect x="{x:.1f}" y="{top + 3}" width="{width:.1f}" height="{BAR}" rx="2" {look}/>',
        told,
    ]


def _ticks(whole: int) -> list[int]:
    """About TICKS round instants from 0 on."""
    steps = (step * 10**power for power in range(3, 13) for step in STEPS)
    step = next((it for it in steps if whole / it <= TICKS), whole)
    return list(range(0, whole + 1, step))


def _legend(trace: Trace, top: int) -> list[str]:
    parts = {node.span.part: None for _, root in _panels(trace) for _, node in root.rows()}
    drawn, places = list[str](), [20.0]
    for part in parts:
        places.append(places[-1] + 34 + len(part) * (CHAR + 0.6))
    for part, (x, _) in zip(parts, pairwise(places), strict=True):
        drawn.append(
            f'<rect x="{x:.0f}" y="{top}" width="11" height="11" rx="2"'
            f' fill="{COLOURS.get(part, INK)}"/>'
        )
        drawn.append(_text(x + 17, top + 10, part, FAINT))
    return drawn


def _text(x: float, y: float, words: str, ink: str, look: str = "", anchor: str = "start") -> str:
    known = f' class="{look}"' if look else ""
    placed = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{ink}"{known}{placed}>{escape(words)}</text>'


def _ms(ns: int, *, short: bool = False) -> str:
    ms = ns / 1e6
    if short:
        return f"{ms:g} ms"
    return f"{ms:.0f} ms" if ms >= 100 else f"{ms:.1f} ms" if ms >= 1 else f"{ms:.2f} ms"
