"""The page alone, with a server played by the test."""
