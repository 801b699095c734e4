"""What the numbers of a chain mean: pure functions on numpy arrays, NaN where nothing is known."""
