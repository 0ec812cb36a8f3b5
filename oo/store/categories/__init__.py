"""What is kept of people: one file per category, see `oo.store.category`."""
