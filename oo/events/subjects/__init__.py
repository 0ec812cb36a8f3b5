"""Subjects of events, one file each, exported as ``SUBJECT``."""
