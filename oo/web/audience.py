"""Who reads an answer: a person in front of a browser, or a program."""

from starlette.datastructures import Headers


def wants_page(headers: Headers, *, by_default: bool = False) -> bool:
    """Whether an error must be a page; `by_default` for requests that do not tell.

    Browsers say that they navigate by `Sec-Fetch-Mode`, old ones only that they take HTML.
    """
    mode = headers.get("sec-fetch-mode")
    if mode is not None:
        return mode == "navigate"
    accepted = headers.get("accept", "").lower()
    if "text/html" in accepted:
        return True
    return by_default and "json" not in accepted
