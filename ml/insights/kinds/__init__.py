"""One file per finder, exporting ``INSIGHT``; its sentences lie with the languages."""
