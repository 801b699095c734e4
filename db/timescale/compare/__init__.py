"""Detection: what is declared against what the database holds."""
