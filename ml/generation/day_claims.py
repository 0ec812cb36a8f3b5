"""What a tip may not state about a person's day: nothing here proves it, however true it is.

A writer is told of events, health and whereabouts so that it chooses well, see
`oo.domain.signals`. Its words about them are not compared with anything, so none may stand.
"""

import re

_STATED = re.compile(
    r"""\b(?:
    meetings?|events?|stand-?ups?|interviews?
    |(?:your|the|next)\s+appointments?
    |your\s+(?:calendar|diary|schedule|sleep|steps|heart|health)
    |you\s+(?:slept|walked|ran|moved|rested|were|sat|woke
        |are\s+(?:free|busy|at|home|away|back|tired|active|idle)
        |have\s+(?:time|an?\s+(?:hour|gap|break)|slept|walked|been))
    |you[’'](?:re\s+(?:free|busy|at|home|away|back|tired|active|idle)|ve\s+(?:slept|walked|been))
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)


def day_claims(text: str) -> list[str]:
    """The words of `text` (quoted titles taken out) that say something about the person's day."""
    return [match[0] for match in _STATED.finditer(text)]
