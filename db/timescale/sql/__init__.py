"""Named SQL of the operations."""
