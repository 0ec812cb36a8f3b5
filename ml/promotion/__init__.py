"""The gate between a policy that looks good and one that decides (F5): nothing ships blind.

`evidence` is what is known of a challenger, `differences` its paired gain per decision,
`sequences` the bounds that may be looked at at any time, `gate` the checks and their report,
`calibration` how often the gate errs.
"""
