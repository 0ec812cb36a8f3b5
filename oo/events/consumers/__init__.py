"""Consumers of events, one file each, exported as ``CONSUMER``."""
