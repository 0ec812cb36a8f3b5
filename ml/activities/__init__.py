"""Kinds of work: what a task asks of a person, and which first steps suit it.

One file each in ``kinds/``; `oo` nowhere lists them.
"""
