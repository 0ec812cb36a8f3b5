"""`oo serve` starts again when its node died: the same process anew, a few times at most."""

import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

from oo.kit.errors import OoError

MOST = 3
WITHIN_S = 300.0
FIRST_PAUSE_S = 1.0
VARIABLE = "_OO_RESTARTED_AT"


class Restarts(NamedTuple):
    """When this process started again, in Unix time, and the environment that it was given."""

    at: tuple[float, ...]
    environment: dict[str, str]

    @classmethod
    def of_this_run(cls) -> "Restarts":
        """As the process before handed it on; to be asked before the environment is changed."""
        said = os.environ.pop(VARIABLE, "")
        return cls(tuple(float(it) for it in said.split()), dict(os.environ))

    def recent(self, now: float) -> tuple[float, ...]:
        """Those that count."""
        return tuple(it for it in self.at if now - it < WITHIN_S)

    def pause(self, logs: Path) -> float:
        """How long to wait before the next, in seconds; raises OoError when there were too many."""
        count = len(self.recent(time.time()))
        if count >= MOST:
            raise OoError(
                f"Ray's node died {count + 1} times within {WITHIN_S / 60:.0f} minutes, so oO ends."
                f" Most often memory is short; Ray's logs: {logs}"
            )
        return float(FIRST_PAUSE_S * 2**count)

    def again(self) -> None:
        """Become a new `oo serve` with the same arguments; does not return."""
        now = time.time()
        at = " ".join(str(it) for it in (*self.recent(now), now))
        arguments = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, arguments, {**self.environment, VARIABLE: at})  # noqa: S606 - no shell
