"""What a fraud asks for: passwords, codes and cards, accounts said to be locked, prizes to claim.

A tip never needs any of it, and an order hidden in a title may make a model ask. What a person's
own task says of these ("change the bank password") stands in its title.
"""

from ml.generation.refusals._rule import Rule, words_of

_NEAR = r"(?:\s+[\w’'-]+){0,4}?\s+"
_ASKED = r"""(?:pass\s?(?:words?|codes?|phrases?|keys?)|pin(?:\s+(?:codes?|numbers?))?
    |log-?ins?|credentials?|otps?|(?:security|verification|access|one-time)\s+codes?|cvv|iban
    |(?:card|account|social\s+security|bank)\s+(?:numbers?|details?|data)|credit\s+cards?
    |seed\s+phrases?|private\s+keys?|wallet)"""

_find = words_of(
    rf"""
    pass\s?(?:words?|codes?|phrases?)|credentials?|seed\s+phrases?|private\s+keys?|\bcvv\b
    |(?:enter|type|give|tell|send|share|confirm|verify|submit|provide|reveal|read\s+out
    |hand\s+over|update|reset){_NEAR}{_ASKED}
    |(?:account|card|profile|access|device){_NEAR}(?:locked|blocked|suspended|closed|limited
    |restricted|expired|compromised|hacked|infected)
    |(?:verify|confirm|unlock|restore|validate){_NEAR}(?:account|identity|card|access|payment)
    |(?:claim|collect|redeem|receive|win|won){_NEAR}(?:prizes?|rewards?|gifts?(?:\s+cards?)?|bonus
    |voucher|refund|winnings)
    |(?:forward|send|export|upload|share|copy|post){_NEAR}(?:list|tasks|calendar|contacts|data)
    |gift\s+cards?|(?:wire|transfer|send){_NEAR}(?:money|funds|bitcoins?|crypto)
    |(?:click|tap|visit|download|install){_NEAR}(?:here|link|site|page|file|app|attachment)
    """
)

RULE = Rule("asks for secrets", _find)
