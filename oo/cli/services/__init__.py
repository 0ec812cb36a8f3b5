"""Services beside oO, one file each, exported as ``SERVICE``."""
