"""Simulated deliveries: people who can be interrupted, tired out, and lost for good."""
