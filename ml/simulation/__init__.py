"""Offline simulation (F9): personas, tasks and tips that policies can be compared on.

Read in this order: `scenario` (what is chosen), `personas` and `tasks` (who and what), `candidates`
(the tips of one decision), `reactions` (what a person does with one), `runner` (the loop),
`trace` and `estimates` (what came out, with intervals). `tune` runs many of them at once.
"""
