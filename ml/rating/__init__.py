"""How good a tip is: the rubric, judges of tips, and what human readers said of many."""
