"""The roles of prompts, and which people a challenger writes for."""

import hashlib
from typing import NamedTuple

IN_FORCE = "in_force"
ROLLED_BACK = "rolled_back"  # gives way to what was in force before it
CHALLENGER = "challenger"
OFF = "off"
PROPOSED = "proposed"  # written by a search; serves nobody
REFUSED = "refused"  # the gate said no: kept for the audit, changes nothing


class Challenger(NamedTuple):
    """A version that a share of people, 0 to 1, get."""

    version: str
    share: float


class PromptRoles(NamedTuple):
    """What the prompts are as of the change numbered `latest` (0: there was none yet).

    Where nothing is in force, the alias's own prompt is.
    """

    latest: int
    in_force: str | None
    challenger: Challenger | None
    proposed: tuple[str, ...]

    def given_to(self, user_id: str) -> str | None:
        """The version that writes for a person; None: the alias's own."""
        if self.challenger and is_given(user_id, *self.challenger):
            return self.challenger.version
        return self.in_force


def is_given(user_id: str, experiment: str, share: float) -> bool:
    """Whether a person belongs to the share: always the same answer, and a larger share keeps those
    of a smaller one."""
    digest = hashlib.sha256(f"{experiment}:{user_id}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64 < share
