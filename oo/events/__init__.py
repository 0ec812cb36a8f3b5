"""Events: what is told, to whom, and how far each has heard it."""
