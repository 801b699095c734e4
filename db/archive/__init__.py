"""Closed chunks out of the way: run the archive, bring a window back, export it as Parquet."""
