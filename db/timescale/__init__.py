"""TimescaleDB for Alembic: declare, autogenerate, upgrade and downgrade on both editions."""
