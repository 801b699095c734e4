"""A simulated market: the same seed and moment always show the same chains."""
