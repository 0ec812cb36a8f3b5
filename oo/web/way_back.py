"""Where somebody was going before they had to sign in."""

import re

BACK_COOKIE = "back"
BACK_LIFETIME_S = 600
_PAGE = re.compile(r"/(?:[a-z0-9_-]+(?:/[a-z0-9_-]+)*)?")


def local_path(asked: str) -> str:
    """`asked` where it is a path of oO's own, and otherwise the tip: nobody is led elsewhere."""
    return asked if _PAGE.fullmatch(asked) else "/"
