"""Whether a tip is worth an interruption: "say nothing" is one of the arms."""
