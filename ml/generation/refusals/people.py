"""What a tip may not state about other people: nothing that oO carries tells of them.

To ask, tell, call or thank somebody is a step, not a statement, and may be proposed. Whatever has
a person for its subject, compares with people or passes on what they want is one.
"""

import re

from ml.generation.refusals._rule import Rule

_SOMEBODY = r"""(?:
    boss(?:es)?|managers?|supervisors?|leaders?|colleagues?|co-?workers?|team(?:s|mates?)?|clients?
    |customers?|investors?|employers?|bosses|landlords?|landlad(?:y|ies)|tenants?|doctors?|dentists?
    |nurses?|therapists?|teachers?|professors?|tutors?|coach(?:es)?|students?|classmates?|partners?
    |wife|husband|spouse|girlfriend|boyfriend|m[ou]m|mommy|mummy|mother|dad|daddy|father|parents?
    |sisters?|brothers?|siblings?|sons?|daughters?|kids?|child(?:ren)?|bab(?:y|ies)|famil(?:y|ies)
    |grandma|grandpa|grandmother|grandfather|uncle|aunt|cousins?|relatives?
    |friends?|neighbou?rs?|roommates?|flatmates?|guests?|visitors?
    |people|persons?|folks?|men|women|humans?|adults?|users?|strangers?
    |experts?|scientists?|researchers?|psychologists?|professionals?|achievers?|studies|research
    |every(?:one|body)|some(?:one|body)|any(?:one|body)|nobody|no\s+one|others
    |accountants?|lawyers?|bankers?|recruiters?|editors?|suppliers?|police|officials?
    )"""
_OF = r"""(?:(?:your|the|a|an|our|my|his|her|their|most|many|some|other|all|few|these|those|new
    |old)\s+)*"""
# after somebody who is only spoken to there is an end, or what to tell them, or where and when
_AFTER = r"""(?:about|for|to|with|and|or|if|when|where|what|how|why|which|before|after|first|now
    |today
    |tomorrow|tonight|this|that|a|an|the|one|once|your|in|at|on|by|as|instead|along|too|later|over
    |while|soon|then|so|something|anything|yourself|briefly|back|up|again|honestly|kindly|early)"""
_FEELS = r"""(?:expect|want|wait|hope|think|believe|rel[yi]|depend|count|wonder|worr[yi]|ask|say
    |said|know|knew
    |like|love|hate|prefer|mind|care|deserve|notice|watch|judge|forgive|forgave|forget|forgot
    |promise
    |thank|miss|need|trust)(?:e?s|e?d)?"""
_BEING = r"""(?:(?:is|are|was|were|has\s+been|have\s+been|(?:will|would|might|may|must|could
    |can)(?:\s+be)?)
    \s+(?:still\s+|also\s+|already\s+|probably\s+|surely\s+|so\s+)*)"""
_FEELING = r"""(?:waiting|expecting|counting|hoping|relying|depending|wondering|asking|watching
    |worried
    |worrying|angry|annoyed|disappointed|happy|glad|grateful|proud|sad|upset|pleased|delighted
    |furious
    |ahead|faster|done|busy|tired|free|ready|right|wrong)"""
_STATED = re.compile(
    rf"""
    (?:^|[.!?;:—]|\b(?:because|since|but|that|as|while|unless|until|although|though|so)\b)\s*
        {_OF}\b{_SOMEBODY}(?=\s+\w|,)
    |\b{_SOMEBODY}[’']s?\b
    |\b{_SOMEBODY}(?:\s+(?!{_AFTER}\b)\w+)
    |\b(?:than|like|unlike|as)\s+{_OF}{_SOMEBODY}\b
    |\b(?:according|matters?|important|urgent|crucial|due|promised|owed|owes?
    |a\s+lot)\s+to\s+{_OF}{_SOMEBODY}\b
    |\b(?:expected|wanted|needed|asked|requested|awaited|noticed|missed|seen|required|assigned|set
    |demanded)
        \s+(?:by|of)\s+{_OF}{_SOMEBODY}\b
    |\b(?:disappoint|let|upset|annoy|keep|hold|block|delay|worry|bother|help|stop|affect|slow)(?:s
    |ing|ping)?(?:\s+(?:up|back|down))?\s+(?:your|the|most|many|other)\s+{_SOMEBODY}\b
    |\byou\s+(?:owe|promised|told|owed)\b
    |\b(?:s?he)\b|\b(?:he|she|they)[’'](?:s|d|ll|re|ve)\b
    |\bthey\s+(?:all\s+)?(?:{_BEING}{_FEELING}|(?:will\s+|would\s+|might\s+|do\s+|did\s+|must\s+)?
        (?!wait\b){_FEELS})\b
    |\b(?:most|many|some|all|few)\s+of\s+(?:us|them)\b|\bthe\s+(?:rest|whole)\s+of\s+the\s+(?:world
    |office)\b
    |\bthe\s+(?:whole\s+)?(?:office|world|company|school)\s+(?:{_BEING}{_FEELING}|{_FEELS})\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_NAMED = re.compile(
    rf"\b[A-Z][a-z]+[ ](?![ ])(?:{_BEING}{_FEELING}|(?:will\s+|would\s+)?(?:{_FEELS}))\b",
    re.VERBOSE,
)
_NO_NAME = re.compile(
    r"(?:It|This|That|What|There|Tasks?|You|We|Nothing|Everything|Something|Anything|One|All|Both"
    r"|Which"
    r"|Do|Please|Never|Always|And|But|Or|Just|Only|Who|Whoever|Now|Then|I|Half|Rest|Some|Most)\b"
)


def _find(text: str) -> list[str]:
    named = [found[0] for found in _NAMED.finditer(text) if not _NO_NAME.match(found[0])]
    return [found[0].strip() for found in _STATED.finditer(text)] + named


RULE = Rule("unproven of other people", _find)
