"""Readers of the catalog: what the database holds, as specs."""
