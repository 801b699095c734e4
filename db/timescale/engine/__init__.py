"""The rollup engine: SQL that runs inside the database, and its installer."""
