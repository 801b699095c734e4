"""The execution of each operation."""
