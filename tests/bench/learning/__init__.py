"""How well the policies learn, beside peers and baselines: one command per question."""
