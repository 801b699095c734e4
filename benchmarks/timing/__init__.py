"""Requests sent side by side, their times, and what those times say; knows nothing of options."""
