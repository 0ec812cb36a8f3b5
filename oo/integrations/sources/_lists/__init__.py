"""Forms of lists: one reader each, exporting ``READER`` (see ``_reader.py``)."""
