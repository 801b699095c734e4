"""The migration text of each operation."""
