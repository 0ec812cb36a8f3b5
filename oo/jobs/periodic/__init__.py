"""Periodic jobs: one file each, exported as ``JOB``."""
