"""The reads of the product, by subject: each a named statement and a typed, frozen row.

What is asked every second comes from the live edge, what is asked over days from rollups, and
history is read only at instants that `snapshots` is known to hold. Unknown is None.
"""
