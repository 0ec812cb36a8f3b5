"""What an admin can do, one file each, exported as ``ACTION``."""
