"""Off-policy evaluation: what a policy would have earned on a log that another policy made.

`feedback` holds the log, `estimators` names the estimators, `evaluation` puts a value and its
interval together, `slices` gives each model or prompt its share.
"""
