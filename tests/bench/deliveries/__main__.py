"""`python -m tests.bench.deliveries`: see :mod:`tests.bench.deliveries.killing`."""

import asyncio
import sys

from tests.bench.deliveries.killing import main

if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
