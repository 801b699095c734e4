"""The state of each change: Alembic operations with exact reverses."""
