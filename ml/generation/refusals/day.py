"""What a tip may not state about a person's day: nothing here proves it, however true it is.

A writer is told of events, health and whereabouts so that it chooses well, see
`oo.domain.signals`. Its words about them are not compared with anything, so none may stand.
"""

from ml.generation.refusals._rule import Rule, words_of

RULE = Rule(
    "unproven of the day",
    words_of(
        r"""
        meetings?|events?|stand-?ups?|interviews?
        |(?:your|the|next)\s+appointments?
        |your\s+(?:calendar|diary|schedule|sleep|steps|heart|health)
        |(?<!until\s)you\s+(?:slept|walked|ran|moved|rested|were|sat|woke
            |are\s+(?:free|busy|at|home|away|back|tired|active|idle)
            |have\s+(?:time|an?\s+(?:hour|gap|break)|slept|walked|been))
        |you[’'](?:re\s+(?:free|busy|at|home|away|back|tired|active|idle)|ve\s+(?:slept|walked
        |been))
        """
    ),
)
