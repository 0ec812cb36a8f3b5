"""The pages of the console, one file each, exported as ``PAGE``."""
