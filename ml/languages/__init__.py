"""Languages that tips are written in: one folder each, complete or not there at all."""
