"""What timing costs a request: over HTTP, and within one process."""
