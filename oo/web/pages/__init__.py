"""Pages: one file each, exported as ``PAGE`` (contract: `oo/web/page.py`)."""
