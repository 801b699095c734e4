"""Signals: what the features of a chain said of the index, measured before it is told."""
