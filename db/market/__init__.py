"""The field's vocabulary: exchange keys, ticks, symbols, market time, sessions, lots.

It imports nothing of ours but the errors, and everything else may import it.
"""
