"""What stands for a person where their id is not to be."""

from hashlib import sha256

MARK_DIGITS = 16


def pseudonym(user_id: str) -> str:
    """What stands for a person outside of the store; the receipt of their erasure has it too."""
    return sha256(user_id.encode()).hexdigest()


def mark(user_id: str) -> str:
    """The first digits of the pseudonym: enough to find a person's lines by, in logs and traces."""
    return pseudonym(user_id)[:MARK_DIGITS]
