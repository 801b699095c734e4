"""What a database holds and how it does, in one value."""
