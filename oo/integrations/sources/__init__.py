"""Signal sources: one file each, exporting ``SOURCE`` (see :mod:`oo.domain.signals`)."""
