"""A program that works aside: it says things, fails, or never ends, as it is told."""

import os
import sys
import time
from pathlib import Path
from typing import Any

from oo.kit.aside import Part, Tell, answering
from oo.kit.errors import Conflict


class Taken(Conflict):
    code = "taken"


def work(order: dict[str, Any], tell: Tell) -> Any:
    tell(Part(1, 2))
    sys.stdout.write("libraries print\n")
    sys.stdout.flush()
    if order["do"] == "fail":
        raise Taken("It is taken.")
    if order["do"] == "exit":
        sys.exit(1)
    if order["do"] == "stay":
        Path(order["pid"]).write_text(str(os.getpid()))
        time.sleep(60)
    return {"niceness": os.getpriority(os.PRIO_PROCESS, 0), **order}


if __name__ == "__main__":
    answering(work)
