"""Alembic migrations: they bring a database of any age to the shape of `oo.store.tables`."""
