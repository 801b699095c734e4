"""Rollups against a direct GROUP BY over random histories, on every edition at hand."""
