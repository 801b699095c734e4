"""The cache: what was read lately, in memory and in Redis."""
