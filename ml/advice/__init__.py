"""Advice that speaks of no task: one file each, with the conditions under which it is apt."""
