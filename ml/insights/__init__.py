"""Facts worth saying: one file each, that computes one and carries it as claims."""
