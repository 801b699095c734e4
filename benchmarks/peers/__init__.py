"""The same questions asked of other ways to keep the same history."""
