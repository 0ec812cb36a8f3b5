"""The search for garbage, where it would hold up those who wait."""

import gc


def keep_what_is_loaded() -> None:
    """Take what is there now out of the search for garbage: it lives as long as the process.

    Ray searches every few seconds while calls go on. Among an ingress' 230,000 modules, classes and
    sentences one search took 160 ms, in which nothing was answered. What is younger is searched
    seldom: nearly all of it goes by itself, and looking after each 700 objects took 8 % of a pass
    over many people.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)
