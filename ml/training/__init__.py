"""Fitting what people have in common: the population prior and the shared network."""
