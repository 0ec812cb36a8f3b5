"""What a tip may not state about a person's habits, likes and past: oO tells none of them.

To be asked which task one keeps putting off, or to note what one tried, states nothing.
"""

import re

from ml.generation.refusals._rule import Rule, words_of

_ASKED = re.compile(
    r"\b(?:with|choose|pick|do|name|find|open|note)\s+(?:the|a|one)(?:\s+one)?\s+(?:task|one|part"
    r"|thing|step)\s+"
    r"(?:that\s+)?you\s+(?:keep|already)\s+\w+|\bwhat\s+you\s+(?:have\s+)?already\s+(?:tried|know"
    r"|did|have)",
    re.IGNORECASE,
)
_MAYBE = r"""(?:\s+(?:have|had|do|did|are|were|would|will|can|also|just|really|already|still|so
    |both|may|might))*"""
_OFTEN = r"""(?:always|usually|often|never|typically|normally|rarely|seldom|generally|sometimes
    |mostly
    |regularly|frequently|constantly|tend|tended|habitually|routinely|hardly|again|repeatedly
    |ever)"""
_DOING = r"""(?:avoiding|delaying|skipping|ignoring|postponing|procrastinating|putting|pushing
    |dodging
    |forgetting|missing|working|doing|struggling|trying|neglecting|dismissing|snoozing|meaning
    |planning)"""
_DID = r"""(?:did|started|began|tried|opened|finished|ignored|avoided|delayed|postponed|skipped
    |put\s+off|forgot
    |worked|wrote|called|paid|dismissed|snoozed|promised|completed|managed|left|missed|said|planned
    |chose
    |enjoyed|liked|loved|hated|used|got|went|made|kept|stopped|failed|gave|neglected|dropped
    |cleared)"""
_ARE = r"""(?:good|great|bad|best|better|worst|slow|fast|quick|lazy|productive|sharp|sharpest
    |focused|creative
    |freshest|someone|known|prone|likely|used|the\s+(?:type|kind|sort)|an?\s+\w+\s+(?:person|worker
    |type|owl|bird))"""

# "you" that is the subject of a statement, not of "where you start" or "what you have"
_SUBJECT = r"(?:(?<=[.!?;:—,]\s)|(?<![\w’ ]))"

_find = words_of(
    rf"""
    you(?:[’'](?:ve|d|re|ll))?{_MAYBE}\s+{_OFTEN}
    |{_OFTEN}\s+(?:do|did|have|are|were)\s+you
    |(?:usually|normally|typically|always|often|sometimes|most\s+days|as\s+a\s+rule),?\s+you
    |you(?:[’']ve|\s+have)?(?:\s+just|\s+already|\s+even|\s+also|\s+first)?\s+{_DID}
    |you(?:[’']ve|[’']re|\s+have|\s+are|\s+were)(?:\s+been)?(?:\s+just|\s+always|\s+only
    |\s+still)?\s+{_DOING}
    |you(?:[’']ve|\s+have)\s+(?:been|done|had|gone|given|written|spent|taken|let|seen|forgotten)
    |you\s+(?:keep|kept)\s+(?:on\s+)?\w+ing
    |(?<!would\s)(?<!ever\s)(?<!if\s)(?<!as\s)you\s+(?:like|love|prefer|enjoy|hate|dislike|struggle
    |procrastinate|postpone|avoid|skip|ignore|dread|dismiss|snooze)
    |you\s+(?:work|focus|think|write|concentrate|feel|perform|sleep|learn)\s+(?:best|better|well
    |worst|faster)
    |you(?:[’']re|\s+are)\s+(?:\w+ly\s+)?{_ARE}
    |{_SUBJECT}you\s+(?:(?:also|just|so)\s+)?(?:seem|find|do|feel|get|take|go|start|begin|finish
    |know|want|lack|make|lose
        |have\s+(?:an?|trouble|no|some|the|little|plenty|difficult\w+|problems?))
    |(?:usually|normally|typically|often|sometimes|rarely)\s+this\s+(?:takes|costs|is|feels|goes)
    |this\s+is\s+(?:how|when|where|why|what)\s+you|the\s+(?:kind|type
    |sort)\s+of\s+\w+\s+(?:that\s+)?you
    |you\s+used\s+to
    |your\s+(?:usual|typical|normal|regular|favou?rite|preferred|habits?|routines?|patterns?
    |tendenc(?:y|ies)|streak
        |best\s+(?:hours|time)|peak|history|track\s+record|rhythm|weakness|strength|past|last\s+\w+)
    |as\s+(?:usual|always|ever|you\s+do|before)|like\s+(?:always|usual|before|last\s+time
    |you\s+always|every\s+\w+)
    |(?:yet|once)\s+again|last\s+(?:time|week|month|night|year)|every\s+(?:single\s+)?time
    |each\s+time
    |most\s+(?:days|mornings|evenings|weekends|nights)|(?:every|each)\s+(?:day|morning|evening
    |night|week|weekend|month)
    |on\s+(?:mon|tues|wednes|thurs|fri|satur|sun)days|in\s+the\s+(?:mornings|evenings|afternoons)
    |(?:morning|night|evening)\s+(?:person|people)|(?:early\s+bird|night\s+owl)|third\s+time
    |before\s+breakfast\s+as
    """
)

RULE = Rule("unproven of habits", lambda text: _find(_ASKED.sub(" ", text)))
