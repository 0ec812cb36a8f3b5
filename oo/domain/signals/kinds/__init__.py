"""Kinds of signals: one file each, exporting ``KIND`` (see :mod:`oo.domain.signals.kind`)."""
