"""Commands of `oo`: one file each, exported as ``COMMAND`` (contract: `oo/cli/command.py`)."""
