"""Families of faults, one file each, exported as ``SCENARIO``."""
