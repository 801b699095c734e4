"""The served dashboard: how fast pages are, and how many people it carries."""
